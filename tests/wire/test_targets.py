"""Targets in the broker."""

from redis import Redis

from wire import keys, targets
from wire.targets import TARGETS_MAX, Report, State

REPORT = Report("a1", "rtmp", "rtmp://h/live/…", False, State.CONNECTED, 3.5, 1, 2, "it ended")


def test_address_added_twice_keeps_its_id(broker: Redis) -> None:
    first = targets.add(broker, "main", "rtmp://h/live/key")
    assert first
    assert targets.add(broker, "main", "rtmp://h/live/key") == first
    assert targets.added(broker, "main") == {first: "rtmp://h/live/key"}


def test_no_more_than_the_bound_are_added(broker: Redis) -> None:
    names = {targets.add(broker, "main", f"rtmp://h/live/{i}") for i in range(TARGETS_MAX)}
    assert len(names - {None}) == TARGETS_MAX
    assert targets.add(broker, "main", "rtmp://h/live/more") is None
    assert targets.add(broker, "main", "rtmp://h/live/0") in names
    assert targets.add(broker, "another", "rtmp://h/live/more")


def test_removed_target_is_gone_and_that_is_told_once(broker: Redis) -> None:
    name = targets.add(broker, "main", "rtmp://h/live/key")
    assert targets.remove(broker, "main", str(name))
    assert not targets.remove(broker, "main", str(name))
    assert targets.added(broker, "main") == {}


def test_report_is_read_as_it_was_told_and_holds_for_a_while(broker: Redis) -> None:
    targets.report(broker, "main", [REPORT], 0)
    assert targets.reports(broker, "main") == [REPORT]
    assert 0 < broker.pttl(keys.pushing("main")) <= targets.REPORTED_S * 1000
    targets.report(broker, "main", [], 0)
    assert targets.reports(broker, "main") == []
