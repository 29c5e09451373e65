"""One of two targets behind a bad line: what its viewers get, and that the other does not notice."""

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from settings import Settings
from streamer.coding import arguments
from streamer.outputs import Kind, Target
from streamer.pushing import Pushing
from tests.conftest import free_port
from tests.streamer.conftest import wait_until
from tests.streamer.encoding import CODING, Bench, received
from tests.streamer.uplink import Uplink
from wire.media import FPS
from wire.targets import State

pytestmark = pytest.mark.slow

KBPS = 3000
"""Constant also for plain pictures: what they do not need is filled up."""
BYTES_PER_S = KBPS * 1000 / 8
GROUP_S = 2


def command(first_tick: int) -> list[str]:
    return [Settings().ffmpeg, *arguments(replace(CODING, video_kbps=KBPS), first_tick)]


@contextmanager
def on_air(rtmp_port: int, folder: Path, bytes_per_s: float) -> Iterator[tuple[Uplink, Pushing, Pushing]]:
    """Push to the RTMP server by a line of that rate, and to HLS beside."""
    port, bench = free_port(), Bench(command=command)
    target = Target("rtmp1", Kind.RTMP, f"rtmp://127.0.0.1:{port}/live/{folder.name}")
    with ExitStack() as stack:
        uplink = stack.enter_context(Uplink(port, rtmp_port, bytes_per_s))
        pushing = stack.enter_context(Pushing(target, bench.hub))
        other = stack.enter_context(Pushing(Target("hls", Kind.HLS, str(folder)), bench.hub))
        stack.enter_context(bench.encoder)
        stack.enter_context(bench.writing())
        wait_until(lambda: pushing.report().state is State.CONNECTED, 30)
        yield uplink, pushing, other


def test_slow_uplink_loses_whole_groups_and_the_rest_can_be_watched(rtmp_port: int, tmp_path: Path) -> None:
    with on_air(rtmp_port, tmp_path, BYTES_PER_S / 2) as (_, pushing, other):
        wait_until(lambda: pushing.report().groups_dropped > 0, 60)
        got = received(f"rtmp://127.0.0.1:{rtmp_port}/live/{tmp_path.name}", 8 * FPS)
        mine, others = pushing.report(), other.report()
    steps = np.diff(got.times_s)
    holes = steps[steps > 1.5 / FPS]
    assert len(holes)
    assert np.allclose(holes % GROUP_S, 1 / FPS, atol=0.002), "only whole groups are missing"
    for at_s in got.flashes_s():
        assert min(abs(at_s - beep) for beep in got.beeps_s()) < 0.010
    assert mine.reconnects == others.reconnects == others.groups_dropped == 0


def test_server_that_takes_nothing_is_given_up_and_served_again_when_it_does(
    rtmp_port: int, tmp_path: Path
) -> None:
    with on_air(rtmp_port, tmp_path, 10 * BYTES_PER_S) as (uplink, pushing, other):
        uplink.flowing.clear()
        wait_until(lambda: pushing.report().state is State.CONNECTING, 30)
        uplink.flowing.set()
        wait_until(lambda: pushing.report().state is State.CONNECTED, 15)
        assert other.report().reconnects == other.report().groups_dropped == 0
