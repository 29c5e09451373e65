"""What can be wrong with a stream."""

from dataclasses import dataclass
from enum import StrEnum


class Kind(StrEnum):
    TIMESTAMP = "timestamp"  # of picture or sound: backwards, or not one frame after the last
    STALL = "stall"  # nothing came for too long, by the clock on the wall
    UNREADABLE = "unreadable"  # a picture whose marks cannot be read
    BLACK = "black"
    FREEZE = "freeze"  # the clip stands still
    JUMP = "jump"  # the clip leaves its way there and back
    TURN = "turn"  # the clip goes back where it has no end: speech was late
    CROSS = "cross"  # the same, softened by a cross-fade: a job that started another time than planned
    MISSING = "missing"  # a job's frame that was never shown
    DOUBLE = "double"  # a job's frame shown again
    ORDER = "order"  # a job's frame after a later one
    MISPLACED = "misplaced"  # a patch over another clip frame than it was made for, or with a wrong chunk
    STRANGER = "stranger"  # a patch of no known job
    FADE = "fade"  # the mouth came or went at once
    SOUND = "sound"  # what is heard is not what was sent
    OFFSET = "offset"  # sound too early or too late for its picture
    SILENCE = "silence"  # nothing is heard where something was sent


@dataclass(frozen=True, slots=True)
class Fault:
    """One fault, when (a timestamp of the stream in seconds), and what was seen."""

    kind: Kind
    at_s: float
    text: str

    def __str__(self) -> str:
        return f"{self.at_s:9.3f} s  {self.kind}: {self.text}"
