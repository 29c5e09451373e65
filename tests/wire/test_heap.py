"""All threads of a process share one heap, and large blocks that are freed are given back."""

import platform
import subprocess
import sys

import pytest

pytestmark = pytest.mark.skipif(platform.libc_ver()[0] != "glibc", reason="another C library has other heaps")

BEGIN = """
import ctypes, threading
from pathlib import Path
from wire.heap import LARGE_BYTES, settle_heap
"""
TWO_THREADS = """
sizes, both = range(1000, 60_000, 1000), threading.Barrier(2)
def hold():
    blocks = [bytes(size) for size in sizes]
    both.wait()
threads = [threading.Thread(target=hold) for _ in range(2)]
for thread in threads: thread.start()
for thread in threads: thread.join()
ctypes.CDLL(None).malloc_stats()
"""
LARGE_BLOCKS = """
def held():
    line = next(line for line in Path("/proc/self/status").read_text().splitlines() if "RssAnon" in line)
    return int(line.split()[1]) * 1024
bytearray(32 * LARGE_BYTES)  # freed, it has glibc take smaller ones from the heap
before, large, small = held(), [], []
for _ in range(64):
    large.append(bytearray(4 * LARGE_BYTES))
    small.append(bytes(1000))  # stays, behind the large one
del large
print(held() - before)
"""


def run(*parts: str) -> "subprocess.CompletedProcess[str]":
    command = [sys.executable, "-c", "".join((BEGIN, *parts))]
    return subprocess.run(command, capture_output=True, text=True, check=True, timeout=60)


def test_threads_share_one_heap() -> None:
    assert run("settle_heap()", TWO_THREADS).stderr.count("Arena ") == 1
    assert run(TWO_THREADS).stderr.count("Arena ") > 1


def test_large_blocks_are_given_back_though_small_ones_behind_them_stay() -> None:
    assert int(run("settle_heap()", LARGE_BLOCKS).stdout) < 2**20
    assert int(run(LARGE_BLOCKS).stdout) > 2**24
