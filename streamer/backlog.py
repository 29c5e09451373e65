"""What waits for one target: at most three seconds; of more, whole groups of pictures go. Pure.

A group is a keyframe and all that follows it up to the next, with its sound. What a target gets always
begins with a keyframe and has no hole but between groups, so it can be decoded.
"""

from collections import deque
from collections.abc import Iterator

from streamer.flv import Kind, Tag

BEHIND_MS = 3000
"""More of the stream never waits; with keyframes every 2 s at least one whole group has not been begun."""


class Backlog:
    """Tags in order. While nobody takes them, the newest group is kept for whoever comes."""

    def __init__(self, dropped: int = 0) -> None:
        self.dropped = dropped
        """Groups that were dropped, whole or from somewhere on, because the target was slow."""
        self._tags: deque[Tag] = deque()
        self._is_taken = False
        self._is_skipping = True  # whatever comes, up to the next keyframe

    def __len__(self) -> int:
        return len(self._tags)

    def __iter__(self) -> Iterator[Tag]:
        return iter(self._tags)

    def put(self, tag: Tag) -> None:
        """Add what came, or drop it if it is of a group that is dropped."""
        if self._is_behind(tag):
            self._drop_groups()
        if tag.kind is Kind.KEYFRAME:
            self._begin_group(tag)
        elif self._is_behind(tag) and not self._is_skipping:
            self._skip()
        if not self._is_skipping:
            self._tags.append(tag)

    def take(self) -> Tag | None:
        """Return the oldest that waits, if any does."""
        return self._tags.popleft() if self._tags else None

    def begin(self) -> None:
        """Note that somebody takes from now on."""
        self._is_taken = True

    def end(self) -> None:
        """Note that nobody takes any more: what is left of a group that was begun is of no use."""
        self._is_taken = False
        newest = max((i for i, tag in enumerate(self._tags) if tag.kind is Kind.KEYFRAME), default=None)
        self._is_skipping = newest is None
        for _ in range(len(self._tags) if newest is None else newest):
            self._tags.popleft()

    def _is_behind(self, newest: Tag) -> bool:
        waits = self._is_taken and bool(self._tags)
        return waits and newest.time_ms - self._tags[0].time_ms > BEHIND_MS

    def _drop_groups(self) -> None:
        """Drop all groups that were not begun."""
        first = next((i for i, tag in enumerate(self._tags) if tag.kind is Kind.KEYFRAME), len(self._tags))
        while len(self._tags) > first:
            if self._tags.pop().kind is Kind.KEYFRAME:
                self._skip()

    def _begin_group(self, keyframe: Tag) -> None:
        if not self._is_taken:
            self._tags.clear()
        self._is_skipping = False
        if self._is_behind(keyframe):
            self._skip()

    def _skip(self) -> None:
        self._is_skipping = True
        self.dropped += 1
