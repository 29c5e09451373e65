"""What a busy machine is excused for, of all that can be wrong with a stream."""

import pytest

from tests.e2e.show import inexcusable
from tests.metering.faults import Fault, Kind
from tests.metering.marks import Seen
from tests.metering.stream import Picture
from wire.media import FPS

NOTHING = Seen(clip=0, mark=None, level=0.0, luma=128.0)


@pytest.mark.parametrize(
    ("held_back_s", "excused"), [(2.0, {Kind.CROSS, Kind.TURN, Kind.STALL}), (3.5, {Kind.CROSS, Kind.TURN})]
)
def test_pictures_may_come_late_but_not_for_ever(held_back_s: float, excused: set[Kind]) -> None:
    times = [i / FPS for i in range(2 * FPS)]
    pictures = [Picture(at_s, at_s + (held_back_s if at_s > 1 else 0), NOTHING) for at_s in times]
    every = [Fault(kind, 1.0, "") for kind in Kind]
    assert {fault.kind for fault in inexcusable(every, pictures)} == set(Kind) - excused
