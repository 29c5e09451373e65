"""A channel's lease: one streamer has it, and what those before it still tell is not taken."""

from dataclasses import replace

import pytest
from redis import Redis

from tests.streamer.conftest import make_job
from wire import channels, gauges, jobs, keys, leases, targets
from wire.channels import Channel
from wire.connection import now_ms
from wire.gauges import Gauges
from wire.jobs import State
from wire.leases import DeposedError, Lease
from wire.targets import Report


def take(broker: Redis, holder: str, epoch: int) -> bool:
    return leases.take(broker, "main", holder, leases.load(broker, "main"), epoch)


def holder(broker: Redis) -> tuple[str, int]:
    lease = leases.load(broker, "main")
    return lease.holder, lease.epoch


def test_lease_that_was_never_taken_is_nobodys(broker: Redis) -> None:
    assert leases.load(broker, "main") == Lease("", 0)


def test_taken_lease_tells_by_whom_and_since_when(broker: Redis) -> None:
    before = now_ms(broker)
    assert take(broker, "a", 1)
    lease = leases.load(broker, "main")
    assert (lease.holder, lease.epoch) == ("a", 1)
    assert before <= lease.since_ms == lease.at_ms <= now_ms(broker)


def test_of_two_that_saw_the_same_lease_one_takes_it(broker: Redis) -> None:
    seen = leases.load(broker, "main")
    assert leases.take(broker, "main", "a", seen, 1)
    assert not leases.take(broker, "main", "b", seen, 1)
    assert holder(broker) == ("a", 1)


def test_lease_is_taken_by_a_call_that_is_sent_again_as_its_answer_was_lost(broker: Redis) -> None:
    seen = leases.load(broker, "main")
    assert leases.take(broker, "main", "a", seen, 1)
    assert leases.take(broker, "main", "a", seen, 1)
    assert holder(broker) == ("a", 1)


def test_lease_that_was_renewed_since_it_was_seen_is_not_taken(broker: Redis) -> None:
    take(broker, "a", 1)
    seen = leases.load(broker, "main")
    leases.renew(broker, "main", "a", 1)
    assert not leases.take(broker, "main", "b", seen, 2)
    assert leases.load(broker, "main").since_ms == seen.since_ms


def test_each_renewal_is_seen_however_soon_it_follows_and_whatever_the_clock_does(broker: Redis) -> None:
    take(broker, "a", 1)
    ahead_ms = now_ms(broker) + 60_000
    broker.hset(keys.lease("main"), "at_ms", ahead_ms)
    for later_ms in range(1, 4):
        leases.renew(broker, "main", "a", 1)
        assert leases.load(broker, "main").at_ms == ahead_ms + later_ms


def test_deposed_holder_learns_of_it_when_it_renews(broker: Redis) -> None:
    take(broker, "a", 1)
    take(broker, "b", 2)
    with pytest.raises(DeposedError, match="b took it, epoch 2"):
        leases.renew(broker, "main", "a", 1)
    assert holder(broker) == ("b", 2)


def test_of_two_by_the_same_epoch_the_first_has_the_lease(broker: Redis) -> None:
    leases.renew(broker, "main", "a", 0)
    with pytest.raises(DeposedError):
        leases.renew(broker, "main", "b", 0)
    assert holder(broker) == ("a", 0)


def test_lease_that_the_broker_lost_is_told_it_anew(broker: Redis) -> None:
    take(broker, "a", 7)
    broker.flushdb()
    leases.renew(broker, "main", "a", 7)
    assert holder(broker) == ("a", 7)
    assert leases.load(broker, "main").since_ms > 0


def test_streamer_that_took_what_a_wiped_broker_had_lost_gives_way_to_the_one_that_lives(
    broker: Redis,
) -> None:
    take(broker, "b", 1)
    leases.renew(broker, "main", "a", 7)
    with pytest.raises(DeposedError):
        leases.renew(broker, "main", "b", 1)


def test_released_lease_keeps_its_epoch_and_only_its_holder_releases_it(broker: Redis) -> None:
    take(broker, "a", 1)
    take(broker, "b", 2)
    leases.release(broker, "main", "a", 1)
    assert holder(broker) == ("b", 2)
    leases.release(broker, "main", "b", 2)
    assert holder(broker) == ("", 2)


def test_place_that_a_deposed_streamer_tells_is_not_taken(broker: Redis) -> None:
    take(broker, "a", 1)
    channels.report(broker, Channel("main", "avatar", 10, 64, 36, 500, epoch=1))
    take(broker, "b", 2)
    channels.report(broker, Channel("main", "avatar", 10, 64, 36, 600, epoch=2))
    with pytest.raises(DeposedError):
        channels.report(broker, Channel("main", "avatar", 10, 64, 36, 700, epoch=1))
    told = channels.load(broker, "main")
    assert told is not None
    assert (told.position, told.epoch) == (600, 2)


def test_counters_gauges_and_targets_that_a_deposed_streamer_tells_are_not_taken(broker: Redis) -> None:
    first = Channel("main", "avatar", 10, 64, 36, 500, epoch=1)
    report = Report("hls", "hls", "", is_set=True, state=targets.State.CONNECTED)
    take(broker, "a", 1)
    take(broker, "b", 2)
    channels.report_counters(broker, replace(first, epoch=2), {"underruns": 2})
    gauges.report(broker, replace(first, epoch=2), Gauges(buffer_ahead_s=2.0))
    targets.report(broker, "main", [report], 2)
    with pytest.raises(DeposedError):
        channels.report_counters(broker, first, {"underruns": 1})
    with pytest.raises(DeposedError):
        gauges.report(broker, first, Gauges(buffer_ahead_s=1.0))
    with pytest.raises(DeposedError):
        targets.report(broker, "main", [], 1)
    assert channels.counters(broker, "main") == {"underruns": 2}
    assert gauges.load(broker, "main") == Gauges(buffer_ahead_s=2.0)
    assert targets.reports(broker, "main") == [report]


def test_job_is_not_moved_by_a_deposed_streamer(broker: Redis) -> None:
    job = make_job(frames=40)
    jobs.admit(broker, job, 9)
    take(broker, "a", 1)
    assert jobs.move(broker, job, State.ON_AIR, 60, lease_epoch=1, frames_aired=10)
    take(broker, "b", 2)
    assert jobs.move(broker, job, State.ON_AIR, 60, lease_epoch=2, frames_aired=20)
    with pytest.raises(DeposedError):
        jobs.move(broker, job, State.ON_AIR, 60, lease_epoch=1, frames_aired=11)
    told = jobs.load(broker, job.id)
    assert told is not None
    assert told.frames_aired == 20
