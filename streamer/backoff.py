"""How long to wait before a target is tried again. Pure."""

FIRST_S = 1.0
"""So there is never more than one try a second."""
LONGEST_S = 4.0
"""A target that can be reached again is sent to within 5 s, however long it was away."""
WELL_S = 10.0
"""Whoever ran for so long failed for a new reason."""


def pause_s(before_s: float, ran_s: float) -> float:
    """Return the pause after a try that ran for `ran_s` and had waited `before_s`; 0 before the first."""
    if ran_s >= WELL_S or before_s == 0:
        return FIRST_S
    return min(2 * before_s, LONGEST_S)
