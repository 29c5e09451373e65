"""One heap for all threads.

glibc gives each thread a heap of its own, and each keeps what it needed at its most: with twenty threads that
hand each other pictures, memory grew for an hour.
"""

import ctypes

_ARENA_MAX = -8
"""Of `mallopt`, as in glibc's malloc.h."""


def share_heap() -> None:
    """Have threads that are started from now on take memory of one heap, where the C library is glibc."""
    library = ctypes.CDLL(None)
    if hasattr(library, "mallopt"):
        library.mallopt(_ARENA_MAX, 1)
