"""A heap that gives back what is not needed, for processes of many threads that run for months.

glibc gives each thread a heap of its own, and each keeps what it needed at its most. And whenever a large
block is freed it takes larger ones from the heap too, where small ones that stay keep it from shrinking.
With twenty threads that hand each other pictures, memory grew for an hour.
"""

import ctypes

_MMAP_THRESHOLD, _ARENA_MAX = -3, -8
"""Of `mallopt`, as in glibc's malloc.h."""
LARGE_BYTES = 2**17
"""Blocks from here on lie outside the heap, and are given back when they are freed: glibc's own first limit,
which stays where it is once it is set."""


def settle_heap() -> None:
    """Have threads started from now on share one heap, of small blocks, where the C library is glibc."""
    library = ctypes.CDLL(None)
    if hasattr(library, "mallopt"):
        library.mallopt(_ARENA_MAX, 1)
        library.mallopt(_MMAP_THRESHOLD, LARGE_BYTES)
