"""Times in which a virtual machine's host took its processors: trouble that no program can mend."""

from dataclasses import replace
from pathlib import Path

from bench.soak.counting import Trouble
from tests import stolen

AFTER_S = 3.0
"""What was held up may come so much later, or be given up."""


class Host:
    """Looks at stolen time now and then; `troubles` are the stretches in which much of it was taken."""

    def __init__(self, at_s: float, stat: Path = stolen.STAT) -> None:
        self._stat, self._before, self._looked_s = stat, stolen.read(stat), at_s
        self.troubles: list[Trouble] = []

    def look(self, at_s: float) -> None:
        """Take a sample: of the time since the last one, until `at_s` of the monotonic clock."""
        after = stolen.read(self._stat)
        if stolen.share(self._before, after) >= stolen.MUCH:
            self._note(self._looked_s, at_s)
        self._before, self._looked_s = after, at_s

    def _note(self, from_s: float, to_s: float) -> None:
        if self.troubles and self.troubles[-1].ended_s + AFTER_S >= from_s:
            self.troubles[-1] = replace(self.troubles[-1], ended_s=to_s)
        else:
            what = f"the host took over {stolen.MUCH:.0%} of the processors"
            self.troubles.append(Trouble(what, from_s, to_s, cuts=True, after_s=AFTER_S))
