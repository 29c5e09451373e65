"""What the daemon counts: one record, told once a second when it changed."""

from dataclasses import asdict, dataclass

ORDINARY = frozenset({"fades"})
"""What belongs to a stream that is well: no line of the log is due to it."""


@dataclass(slots=True)
class Counters:
    """Totals since the start. Each field is written by one thread alone, or under its writers' lock."""

    ticks_late: int = 0
    ticks_skipped: int = 0
    underruns: int = 0
    fades: int = 0
    cross_fades: int = 0
    frames_own_mouth: int = 0
    batches_unusable: int = 0
    frames_dropped: int = 0
    frames_lost: int = 0
    encoder_restarts: int = 0
    reads_failed: int = 0
    reports_failed: int = 0
    takeovers: int = 0
    output_black: int = 0
    output_frozen: int = 0
    output_silent_in_speech: int = 0


def changes(before: Counters, now: Counters) -> str:
    """Return the counters to be told that changed, as `name value (+more)`; empty where none did."""
    was = asdict(before)
    return ", ".join(
        f"{name} {value} (+{value - was[name]})"
        for name, value in asdict(now).items()
        if value != was[name] and name not in ORDINARY
    )
