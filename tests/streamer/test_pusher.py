"""The process that sends one target what comes."""

import fcntl
import os
import subprocess
import sys
import termios
from pathlib import Path

from streamer.outputs import Kind, Target
from streamer.pushing import PUSHER
from tests.streamer.conftest import has_ended, wait_until

STARTS = """
import subprocess, sys, time
print(subprocess.Popen(sys.argv[1:]).pid, flush=True)
time.sleep(600)
"""


def is_empty(pipe: int) -> bool:
    """Return whether all that was written into the pipe was read."""
    return fcntl.ioctl(pipe, termios.FIONREAD, bytes(4)) == bytes(4)


def test_hls_pusher_ends_with_a_streamer_that_is_killed_though_its_input_stays_open(tmp_path: Path) -> None:
    take, give = os.pipe()
    parent = subprocess.Popen(
        [sys.executable, "-c", STARTS, *PUSHER, "hls"], stdin=take, stdout=subprocess.PIPE
    )
    assert parent.stdout
    pusher = int(parent.stdout.readline())
    try:
        os.write(give, Target("hls", Kind.HLS, str(tmp_path)).order() + b"FLV")
        wait_until(lambda: is_empty(take), 30)
        assert not has_ended(pusher)
        parent.kill()
        parent.wait()
        wait_until(lambda: has_ended(pusher), 30)
    finally:
        os.close(give)
        os.close(take)
