"""How much work a job's wishes make of a frame. Pure."""

from wire.workers import family

STEPS = 20
"""Of a frame that counts as one: the default, and what a rehearsal asks for, without guidance."""
BESIDE_STEPS = 3
"""What comes beside the steps, in steps: decoding and pasting take as long (docs/performance.md)."""


def effort(engine: str, steps: int, guidance_scale: float) -> float:
    """Return how many times a rehearsal's work a job's frame is, for the engine that is named.

    LatentSync takes every step twice where it is guided; any other engine has none, and each frame counts 1.
    Speeds are measured and told in frames of effort 1.
    """
    if family(engine) != "latentsync":
        return 1.0
    passes = 2 if guidance_scale > 1 else 1
    return (BESIDE_STEPS + passes * steps) / (BESIDE_STEPS + STEPS)
