"""Targets that come and go while the channel is on air."""

import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from threading import Event, Thread

import pytest
from redis import Redis

from streamer.hub import Hub
from streamer.outputs import Kind, Target
from streamer.pushing import Pushing
from streamer.targets import Targets
from tests.conftest import free_port
from tests.streamer.conftest import wait_until
from tests.streamer.flv import group
from wire import connection, leases, targets

HLS = Target("hls", Kind.HLS, "/nowhere")
OPENS_WITH_FILE = """
import os, pathlib, sys, time
folder, name = sys.argv[1:]
while not (pathlib.Path(folder) / name).exists():
    time.sleep(0.01)
os.write(1, b"open\\n")
sys.stdin.read()
"""


@contextmanager
def serving(broker: Redis) -> Iterator[Targets]:
    """Serve HLS and whatever is added; nothing comes from the encoder, so no pusher is started."""
    served, stop = Targets([HLS], Hub(), broker, "main", lambda: 1), Event()
    thread = Thread(target=served.run, args=(stop,))
    thread.start()
    try:
        with served:
            yield served
    finally:
        stop.set()
        thread.join()


def ids(served: Targets) -> set[str]:
    return {report.id for report in served.reports()}


def test_target_is_served_from_when_it_is_added_until_it_is_removed(broker: Redis) -> None:
    with serving(broker) as served:
        assert ids(served) == {"hls"}
        added = targets.add(broker, "main", "rtmp://h/live/key")
        assert added
        wait_until(lambda: ids(served) == {"hls", added})
        targets.remove(broker, "main", added)
        wait_until(lambda: ids(served) == {"hls"})


def test_others_stay_as_they_are_when_one_comes_or_goes(
    broker: Redis, monkeypatch: pytest.MonkeyPatch
) -> None:
    began: list[str] = []
    enter = Pushing.__enter__

    def note(self: Pushing) -> Pushing:
        began.append(self.target.id)
        return enter(self)

    monkeypatch.setattr(Pushing, "__enter__", note)
    with serving(broker) as served:
        names = [targets.add(broker, "main", f"rtmp://h/live/key{i}") for i in range(3)]
        wait_until(lambda: len(ids(served)) == 4)
        targets.remove(broker, "main", str(names[1]))
        wait_until(lambda: len(ids(served)) == 3)
    assert sorted(began) == sorted(["hls", *map(str, names)])


def test_how_each_stands_is_told_without_its_key(broker: Redis) -> None:
    with serving(broker):
        targets.add(broker, "main", "rtmp://h/live/s3cret")
        wait_until(lambda: len(targets.reports(broker, "main")) == 2)
        told = {report.kind: report for report in targets.reports(broker, "main")}
    assert told["rtmp"].address == "rtmp://h/live/…"
    assert (told["rtmp"].is_set, told["hls"].is_set) == (False, True)
    assert "s3cret" not in str(broker.hgetall("pushing:main"))


def test_targets_stay_while_the_broker_cannot_be_reached(
    broker: Redis, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    with serving(broker) as served:
        targets.add(broker, "main", "rtmp://h/live/key")
        wait_until(lambda: len(ids(served)) == 2)
        away = connection.broker(f"redis://127.0.0.1:{free_port()}/0", 0.2)
        monkeypatch.setattr(broker, "connection_pool", away.connection_pool)
        wait_until(lambda: "looking for targets failed" in caplog.text)
        assert len(ids(served)) == 2


def test_a_removal_that_takes_long_holds_up_nothing_and_ends_at_a_cut(
    broker: Redis, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr("streamer.child.CLOSE_S", 600.0)
    caplog.set_level("INFO")
    hub, lingers = Hub(), [sys.executable, "-c", "import time; time.sleep(600)"]
    served = Targets([], hub, broker, "main", lambda: 1, lambda target, hub: Pushing(target, hub, lingers))
    with served:
        served._adjust({"added": "rtmp://h/live/key"})
        for tag in group(0):
            hub.put(tag)
        wait_until(lambda: "pusher added-stdout" in {thread.name for thread in threading.enumerate()})
        served._adjust({"another": "rtmp://h/live/key"})
        assert ids(served) == {"another"}
        assert "target added: no longer sent to" not in caplog.text
        served.cut()
    assert "target added: no longer sent to" in caplog.text


def test_waiting_for_targets_ends_once_each_takes_the_stream(broker: Redis, tmp_path: Path) -> None:
    opens = [sys.executable, "-c", OPENS_WITH_FILE, str(tmp_path)]
    fixed = [Target(name, Kind.RTMP, "rtmp://h/live/key") for name in ("one", "other")]
    hub = Hub()
    with Targets(fixed, hub, broker, "main", lambda: 1, lambda it, hub: Pushing(it, hub, opens)) as served:
        waiting = Thread(target=served.await_taken, args=(Event(), 60.0))
        waiting.start()
        for tag in group(0):
            hub.put(tag)
        (tmp_path / "one").touch()
        wait_until(lambda: {report.id for report in served.reports() if report.open_s} == {"one"})
        assert waiting.is_alive()
        (tmp_path / "other").touch()
        waiting.join(20)
        assert not waiting.is_alive()


def test_target_that_is_down_is_waited_for_no_longer_than_told(broker: Redis) -> None:
    with Targets([HLS], Hub(), broker, "main", lambda: 1) as served:
        served.await_taken(Event(), 0.1)
        assert served.reports()[0].state is targets.State.CONNECTING


def test_nothing_is_served_after_a_cut(broker: Redis) -> None:
    served = Targets([], Hub(), broker, "main", lambda: 1)
    with served:
        served.cut()
        served._adjust({"added": "rtmp://h/live/key"})
        assert ids(served) == set()


def test_deposed_streamer_tells_nothing_more_of_its_targets(
    broker: Redis, caplog: pytest.LogCaptureFixture
) -> None:
    assert leases.take(broker, "main", "another", leases.load(broker, "main"), 2)
    with serving(broker):
        wait_until(lambda: "another streamer sends the channel" in caplog.text)
        assert targets.reports(broker, "main") == []


def test_end_leaves_no_thread(broker: Redis) -> None:
    before = set(threading.enumerate())
    with serving(broker) as served:
        wait_until(lambda: len(ids(served)) == 1)
    assert set(threading.enumerate()) <= before
    assert ids(served) == set()


def test_folder_of_a_set_target_is_not_told(broker: Redis, tmp_path: Path) -> None:
    served = Targets([Target("hls", Kind.HLS, str(tmp_path))], Hub(), broker, "main", lambda: 1)
    with served:
        assert str(tmp_path) not in repr(served.reports())
