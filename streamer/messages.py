"""What a child writes to stderr, made fit for the log: no stream keys, and no line again and again. Pure."""

import re
from dataclasses import dataclass, field

from wire.addresses import without_key_of, without_keys

AGAIN_S = 60.0
"""A line is logged once in so long: a server that is away costs three lines a second otherwise."""
KNOWN_MAX = 100
"""Lines remembered; beyond that the oldest is forgotten."""


@dataclass(slots=True)
class Messages:
    """Decides which lines are news. What is secret in `address` is cut out of all of them."""

    address: str = ""
    _seen_s: dict[str, float] = field(default_factory=dict)

    def shown(self, line: str) -> str:
        """Return the line as others may see it."""
        return without_keys(without_key_of(self.address, line.strip()))

    def news(self, line: str, now_s: float) -> str | None:
        """Return the line as it is to be logged at `now_s`; None if it was logged lately."""
        text = self.shown(line)
        alike = re.sub(r"0x[0-9a-f]+|\d+", "", text)
        if not text or now_s - self._seen_s.get(alike, -AGAIN_S) < AGAIN_S:
            return None
        self._seen_s.pop(alike, None)
        self._seen_s[alike] = now_s
        if len(self._seen_s) > KNOWN_MAX:
            del self._seen_s[next(iter(self._seen_s))]
        return text
