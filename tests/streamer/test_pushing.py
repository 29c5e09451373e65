"""Targets served by real pushers: at an RTMP server that comes and goes, frozen, refused, beside others."""

import os
import signal
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from demo import rtmp
from streamer.flv import Kind as Tags
from streamer.flv import Splitter
from streamer.hub import Hub
from streamer.outputs import Kind, Target
from streamer.pushing import PIPE_BYTES, Pushing
from tests.conftest import free_port
from tests.streamer.conftest import PATIENCE_S, children, running_rtmp, wait_until
from tests.streamer.encoding import Bench, ffmpeg, received
from tests.streamer.flv import group, tag
from wire.media import FPS
from wire.targets import State

KEY = "s3cret-k3y"
WELL_S = 4.0
"""A busy machine may hold up a pusher that is well for almost as long."""
TAKES_ONCE_OPENED = """
path = next(path for path in map(os.path.join, [folder] * 9, "012345678") if not os.path.exists(path))
with open(path, "wb") as taken:
    while not os.path.exists(opened):
        time.sleep(0.01)
    taken.write(sys.stdin.buffer.read())
"""
"""A pusher that keeps what it gets in a file of its own, and takes nothing until `opened` is there."""


def rtmp_target(port: int, key: str = KEY) -> Target:
    return Target("rtmp1", Kind.RTMP, f"rtmp://127.0.0.1:{port}/live/{key}")


def hls_target(folder: Path) -> Target:
    return Target("hls", Kind.HLS, str(folder))


def is_connected(pushing: Pushing) -> bool:
    return pushing.report().state is State.CONNECTED


def pushers(name: str) -> list[int]:
    """Return the process ids of this process's pushers for the target `name`."""
    found = []
    for pid in children("self"):
        with suppress(OSError):  # it ends while it is looked at
            words = Path(f"/proc/{pid}/cmdline").read_text().split("\0")
            found += [pid] if "streamer.pusher" in words and name in words else []
    return found


def pusher(name: str) -> int:
    """Return the process id of the one pusher for the target `name`."""
    wait_until(lambda: len(pushers(name)) == 1)
    return pushers(name)[0]


@contextmanager
def rtmp_server(port: int, folder: Path) -> Iterator[None]:
    server = rtmp.find()
    if server is None:
        pytest.skip("there is no nginx with the rtmp module")
    with running_rtmp(server, port, folder):
        yield


def test_sound_lies_on_its_frame_at_an_rtmp_reader_and_the_key_shows_nowhere(
    rtmp_port: int, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("INFO")
    bench, target = Bench(), rtmp_target(rtmp_port)
    with Pushing(target, bench.hub) as pushing, bench.encoder, ExitStack() as later:
        bench.write(FPS, every_s=0)
        wait_until(lambda: is_connected(pushing))
        later.enter_context(bench.writing())
        got = received(target.address, 3 * FPS)
        commands = [Path(f"/proc/{pid}/cmdline").read_text() for pid in (pusher("rtmp1"), ffmpeg())]
        report = pushing.report()
    flashes, beeps = got.flashes_s()[:2], got.beeps_s()
    assert len(flashes) == 2
    for at_s in flashes:
        assert min(abs(at_s - beep) for beep in beeps) < 0.010
    assert [
        round(after - before, 3) for before, after in zip(got.times_s, got.times_s[1:], strict=False)
    ] == ([0.04] * (len(got.times_s) - 1))
    assert f"rtmp://127.0.0.1:{rtmp_port}/live/…" in caplog.text
    assert KEY not in caplog.text + repr(report) + "".join(commands)
    assert (report.reconnects, report.groups_dropped, report.error) == (0, 0, "")


def test_server_that_comes_back_is_published_to_again_and_others_do_not_notice(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    port, bench = free_port(), Bench()
    target, folder = rtmp_target(port), tmp_path / "hls"
    with (
        Pushing(target, bench.hub) as pushing,
        Pushing(hls_target(folder), bench.hub) as other,
        bench.encoder,
        bench.writing(),
    ):
        with rtmp_server(port, tmp_path):
            wait_until(lambda: is_connected(pushing))
            before = received(target.address, 5)
        encoder, beside = ffmpeg(), pusher("hls")
        wait_until(lambda: not is_connected(pushing) and pushing.report().error != "")
        with rtmp_server(port, tmp_path):
            wait_until(lambda: is_connected(pushing))
            after = received(target.address, 5)
        assert (ffmpeg(), pusher("hls")) == (encoder, beside)
        assert other.report().reconnects == 0
    assert after.times_s[0] > before.times_s[-1]
    assert pushing.report().reconnects == 1
    assert KEY not in caplog.text


def test_encoder_that_is_replaced_leaves_the_pushers_as_they_are(rtmp_port: int) -> None:
    bench, target = Bench(), rtmp_target(rtmp_port, "replaced")
    with Pushing(target, bench.hub) as pushing, bench.encoder, bench.writing():
        wait_until(lambda: is_connected(pushing))
        here = pusher("rtmp1")
        os.kill(ffmpeg(), signal.SIGKILL)
        wait_until(lambda: bench.counters.encoder_restarts == 1)
        restarted_s = bench.tick / FPS
        assert received(target.address, FPS).times_s[-1] > restarted_s
        assert pusher("rtmp1") == here
    assert pushing.report().reconnects == 0


def test_frozen_pusher_is_replaced_while_another_goes_on(
    rtmp_port: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("streamer.pushing.STALL_S", WELL_S)
    bench, target = Bench(), rtmp_target(rtmp_port, "frozen")
    with (
        Pushing(target, bench.hub) as pushing,
        Pushing(hls_target(tmp_path), bench.hub) as other,
        bench.encoder,
        bench.writing(),
    ):
        wait_until(lambda: is_connected(pushing) and is_connected(other))
        frozen, beside = pusher("rtmp1"), pusher("hls")
        os.kill(frozen, signal.SIGSTOP)
        wait_until(lambda: pushing.report().reconnects == 1)
        assert pushers("rtmp1") != [frozen]
        assert pusher("hls") == beside


@pytest.mark.parametrize(
    ("says", "told"), [("", "it is not connected yet"), ("os.write(1, b'open\\n'); ", "it is slow")]
)
def test_target_that_takes_nothing_loses_whole_groups_and_the_log_says_why(
    says: str, told: str, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr("streamer.child.CLOSE_S", 0.2)
    hub, idle = Hub(), [sys.executable, "-c", f"import os, time; {says}time.sleep(600)"]
    with Pushing(rtmp_target(1), hub, idle) as pushing:
        hub.put(group(0)[0])
        wait_until(lambda: is_connected(pushing) == bool(says), PATIENCE_S)
        put_until(hub, 0, lambda: pushing.report().groups_dropped > 1)
        assert pushing.report().reconnects == 0
    assert f"{told}: 1 groups of pictures were dropped so far" in caplog.text


def put_until(hub: Hub, number: int, what: Callable[[], bool]) -> None:
    """Put one group after the other, from `number` on."""
    end = time.monotonic() + PATIENCE_S
    while not what():
        assert time.monotonic() < end, "it did not come"
        for each in group(number):
            hub.put(each)
        number += 1
        time.sleep(0.1)


@dataclass
class Failing:
    """A pusher that ends at once with a message that holds the key; notes when it was started."""

    folder: Path
    command: list[str] = field(init=False)

    def __post_init__(self) -> None:
        self.log = self.folder / "starts"
        body = f"import sys, time; open({str(self.log)!r}, 'a').write(f'{{time.monotonic()}}\\n')"
        self.command = [sys.executable, "-c", f"{body}; sys.exit('no room for {KEY} here')"]

    def starts(self) -> list[float]:
        return [float(line) for line in self.log.read_text().split()] if self.log.exists() else []


def test_target_that_refuses_is_tried_at_most_once_a_second_and_says_why(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    hub, failing = Hub(), Failing(tmp_path)
    with Pushing(rtmp_target(1), hub, failing.command) as pushing:
        put_until(hub, 0, lambda: len(failing.starts()) >= 3)
        report = pushing.report()
    first, second, third = failing.starts()[:3]
    assert second - first >= 1
    assert third - second >= 2
    assert report.error == "no room for … here"
    assert KEY not in caplog.text


def test_stop_is_quick_while_a_target_cannot_be_reached(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("streamer.child.CLOSE_S", 3.0)
    hub, lingers = Hub(), [sys.executable, "-c", "import time; time.sleep(60)"]
    with Pushing(rtmp_target(1), hub, lingers):
        for each in group(0):
            hub.put(each)
        wait_until(lambda: "pusher rtmp1-stdout" in {thread.name for thread in threading.enumerate()})
        began = time.monotonic()
    assert time.monotonic() - began < 20


def test_what_waits_at_the_stop_is_sent(tmp_path: Path) -> None:
    taken = tmp_path / "taken"
    keep = f"import sys; open({str(taken)!r}, 'wb').write(sys.stdin.buffer.read())"
    hub = Hub()
    with Pushing(hls_target(tmp_path), hub, [sys.executable, "-c", keep]):
        for each in group(0):
            hub.put(each)
    assert taken.read_bytes().endswith(group(0)[-1].data)


def test_target_that_waits_while_timestamps_start_again_gets_none_of_those_before(tmp_path: Path) -> None:
    taken = tmp_path / "taken"
    keep = f"import sys; open({str(taken)!r}, 'wb').write(sys.stdin.buffer.read())"
    hub = Hub()
    hub.put(tag(Tags.VIDEO_HEADER, 0))
    pushing = Pushing(hls_target(tmp_path), hub, [sys.executable, "-c", keep])
    hub.add(pushing._put)  # as while it waits to be tried again
    for each in group(50):
        hub.put(each)
    hub.remove(pushing._put)
    hub.renew()
    with pushing:
        wait_until(lambda: pushing._stream.backlog._is_taken)
        for each in group(0):
            hub.put(each)
    got = Splitter().feed(taken.read_bytes().partition(b"\n")[2])
    assert got == [tag(Tags.VIDEO_HEADER, 0), *group(0)]


def test_timestamps_that_start_again_cost_a_target_neither_what_waited_nor_what_follows(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    opened, large = tmp_path / "opened", bytes(PIPE_BYTES // 8)
    take = f"import os, sys, time; folder, opened = {str(tmp_path)!r}, {str(opened)!r}; {TAKES_ONCE_OPENED}"
    before = [tag(each.kind, each.time_ms, more=large) for each in group(50)]
    hub = Hub()
    hub.put(tag(Tags.VIDEO_HEADER, 0))
    with Pushing(hls_target(tmp_path), hub, [sys.executable, "-c", take]):
        for each in before:
            hub.put(each)
        wait_until((tmp_path / "0").exists)
        hub.renew()
        for each in group(0):
            hub.put(each)
        opened.touch()
        wait_until((tmp_path / "1").exists)
    got = [Splitter().feed((tmp_path / name).read_bytes().partition(b"\n")[2]) for name in ("0", "1")]
    assert got == [[tag(Tags.VIDEO_HEADER, 0), *stream] for stream in (before, group(0))]
    assert "tried again" not in caplog.text


def test_changed_headers_have_every_target_begin_anew(tmp_path: Path) -> None:
    starts = Failing(tmp_path)
    command = [*starts.command[:2], starts.command[2].split("; sys.exit")[0] + "; sys.stdin.read()"]
    hub = Hub()
    with Pushing(hls_target(tmp_path), hub, command):
        hub.put(tag(Tags.VIDEO_HEADER, 0))
        for each in group(0):
            hub.put(each)
        wait_until(lambda: len(starts.starts()) == 1)
        hub.put(tag(Tags.VIDEO_HEADER, 0, more=b"another"))
        put_until(hub, 1, lambda: len(starts.starts()) == 2)
