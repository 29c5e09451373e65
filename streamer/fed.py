"""The frames that ffmpeg was fed and has not yielded yet: only what it yields was sent."""

from collections import deque
from collections.abc import Iterator

from streamer.buffer import Spoken


class Fed:
    """Frames in order, added by the thread that feeds and taken by the one that hears.

    There are no more than ffmpeg's pipe and its own buffers hold, or it counts as hung.
    """

    def __init__(self) -> None:
        self._waiting: deque[tuple[int, Spoken | None]] = deque()

    def __len__(self) -> int:
        return len(self._waiting)

    def put(self, number: int, spoken: Spoken | None) -> None:
        """Add tick `number`, and the job's frame in it if there is one, before it is fed."""
        self._waiting.append((number, spoken))

    def until(self, number: int) -> Iterator[Spoken]:
        """Take what comes up to tick `number`, which was yielded; return the jobs' frames of it."""
        while self._waiting and self._waiting[0][0] <= number:
            if spoken := self._waiting.popleft()[1]:
                yield spoken

    def rest(self) -> Iterator[Spoken | None]:
        """Take all that is left, as it will not be yielded any more."""
        while self._waiting:
            yield self._waiting.popleft()[1]
