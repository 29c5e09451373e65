"""How long an engine has been without workers."""

from wire.workers import Worker
from workers.absence import Absence

WORKER = Worker("gpu.h.0", "render", "gpu.h.0", "cpu", "viseme", 100.0)


def test_absence_counts_from_the_first_pass_without_a_worker() -> None:
    absence = Absence()
    assert absence.note(1000, {"viseme"}, [WORKER]) == {}
    assert absence.note(2000, {"viseme"}, []) == {"viseme": 0.0}
    assert absence.note(9000, {"viseme"}, []) == {"viseme": 7.0}


def test_absence_ends_with_the_next_worker() -> None:
    absence = Absence()
    absence.note(1000, {"viseme"}, [])
    absence.note(2000, {"viseme"}, [WORKER])
    assert absence.note(9000, {"viseme"}, []) == {"viseme": 0.0}
