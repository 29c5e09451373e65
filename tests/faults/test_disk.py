"""A disk that is full ends its recording and nothing else, and that goes on once there is room."""

import os
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import av
import pytest

from tests.e2e.show import show
from tests.faults.ledger import Entry
from tests.faults.verdict import check
from tests.metering.chirps import speech
from tests.system import System
from wire.uploads import RESERVE_BYTES

CHANNEL = "recorded"
SIZE_BYTES, STEP_BYTES = 2 * RESERVE_BYTES, 2**16
AWAIT_S = 30.0
AGAIN = "s until it is recorded again"
AGAIN_S = 5.0


@pytest.fixture
def disk(tmp_path: Path) -> Iterator[Path]:
    """A file system of its own, in memory."""
    if os.geteuid() != 0:
        pytest.skip("a file system of its own needs root")
    made = mount(tmp_path, "-t", "tmpfs", "-o", f"size={SIZE_BYTES}", "tmpfs")
    if made.returncode:
        pytest.skip(f"no file system can be mounted: {made.stderr.strip()}")
    try:
        yield tmp_path
    finally:
        subprocess.run(["umount", "--lazy", tmp_path], check=True)


def mount(folder: Path, *arguments: str) -> "subprocess.CompletedProcess[str]":
    return subprocess.run(["mount", *arguments, folder], capture_output=True, text=True, check=False)


def fill(disk: Path) -> None:
    """Make the file system as small as what is in it."""
    size = STEP_BYTES
    while mount(disk, "-o", f"remount,size={size}").returncode:
        size += STEP_BYTES


@pytest.mark.fault("recordings' disk full mid-job")
@pytest.mark.slow
def test_full_disk_stops_the_recording_alone_until_there_is_room(
    system: System, disk: Path, entry: Entry
) -> None:
    def await_recording(state: str) -> None:
        system.await_that(lambda: told(system).get("state") == state, f"recording {state}", AWAIT_S)

    def fill_and_clear() -> None:
        fill(disk)
        await_recording("connecting")
        mount(disk, "-o", f"remount,size={SIZE_BYTES}")
        began = time.monotonic()
        await_recording("connected")
        entry.keep(AGAIN, time.monotonic() - began, AGAIN_S)

    system.add_streamer(CHANNEL, LIVE_RECORD_FOLDER=str(disk))
    await_recording("connected")
    sounds = [speech(96, seconds=12)]
    seen = show(system, sounds, fill_and_clear, channel=CHANNEL)
    check(system, seen, sounds, entry)
    system.remove(f"streamer-{CHANNEL}")
    files = sorted((disk / CHANNEL).iterdir())
    assert len(files) == 2
    assert all(pictures(file) for file in files)


def told(system: System) -> dict[str, str]:
    """Return how the recording stands; nothing where no streamer has told of it yet."""
    answer = system.client.get(f"/channels/{CHANNEL}/targets")
    targets = answer.body["targets"] if answer.status == 200 else []
    return next((target for target in targets if target["id"] == "recording"), {})


def pictures(file: Path) -> int:
    """Return how many pictures of a recording can be read."""
    with av.open(str(file)) as container:
        return sum(packet.dts is not None for packet in container.demux(video=0))
