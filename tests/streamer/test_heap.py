"""All threads of a streamer share one heap."""

import platform
import subprocess
import sys

import pytest

PROGRAM = """
import ctypes, threading
from streamer.heap import share_heap
{first}
sizes, both = range(1000, 60_000, 1000), threading.Barrier(2)
def hold():
    blocks = [bytes(size) for size in sizes]
    both.wait()
threads = [threading.Thread(target=hold) for _ in range(2)]
for thread in threads: thread.start()
for thread in threads: thread.join()
ctypes.CDLL(None).malloc_stats()
"""


def heaps(first: str) -> int:
    """Return how many heaps two threads and the first take memory from, after the statement `first`."""
    command = [sys.executable, "-c", PROGRAM.format(first=first)]
    told = subprocess.run(command, capture_output=True, text=True, check=True, timeout=60).stderr
    return told.count("Arena ")


@pytest.mark.skipif(platform.libc_ver()[0] != "glibc", reason="another C library has other heaps")
def test_threads_share_one_heap() -> None:
    assert heaps("share_heap()") == 1
    assert heaps("") > 1
