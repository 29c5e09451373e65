"""A stretch in which the host took much of the processors is one trouble, from its begin to its end."""

from pathlib import Path

import pytest

from bench.soak.host import AFTER_S, Host
from tests.stolen import MUCH

PER_S = 200


class Machine:
    """Two processors, as the kernel tells of them; nobody else takes time of these."""

    def __init__(self, folder: Path) -> None:
        self._stat, self._whole, self._taken, self.at_s = folder / "stat", 0.0, 0.0, 0.0
        self._write()
        self.host = Host(0.0, self._stat)

    def go(self, seconds: float, share: float) -> None:
        """Let so much time go by, of which the host takes a share, and look."""
        self.at_s += seconds
        self._whole += PER_S * seconds * (1 - share)
        self._taken += PER_S * seconds * share
        self._write()
        self.host.look(self.at_s)

    def _write(self) -> None:
        self._stat.write_text(f"cpu  0 0 0 {self._whole:.0f} 0 0 0 {self._taken:.0f} 0 0\n")


@pytest.fixture
def machine(tmp_path: Path) -> Machine:
    return Machine(tmp_path)


def test_little_is_no_trouble(machine: Machine) -> None:
    for _ in range(20):
        machine.go(0.5, MUCH / 2)
    assert machine.host.troubles == []


def test_much_is_one_trouble_until_it_has_ended(machine: Machine) -> None:
    for share in (0.0, 0.5, 0.9, 0.0, 0.5, 0.0):
        machine.go(0.5, share)
    (trouble,) = machine.host.troubles
    assert (trouble.began_s, trouble.ended_s, trouble.cuts) == (0.5, 2.5, True)
    assert trouble.explains(2.5 + AFTER_S, 9.0)
    assert not trouble.explains(2.6 + AFTER_S, 9.0)


def test_stretches_far_apart_are_troubles_of_their_own(machine: Machine) -> None:
    for share in (0.5, *[0.0] * 20, 0.5):
        machine.go(0.5, share)
    assert [trouble.began_s for trouble in machine.host.troubles] == [0.0, 10.5]
