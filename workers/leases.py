"""For how long a chunk is a worker's own. Pure."""

SLACK_S = 1.5
"""What a lease grants beyond the expected time: a hiccup, a cold cache, a busy host."""
FACTOR = 3.0
"""How many times longer than expected a chunk may take before it counts as lost."""
SLOWEST = 1.0
"""Frames a second, of effort 1 (see `workers.effort`), assumed where a worker has not yet told its speed."""


def lease_ms(frames: float, speed: float) -> int:
    """Return how long a worker of `speed` frames a second may keep `frames` to itself, in milliseconds.

    Both count frames of effort 1, see `workers.effort`.
    """
    return int(1000 * (SLACK_S + FACTOR * frames / (speed or SLOWEST)))
