"""What workers count of the trouble that was mended: one small record on the broker."""

from contextlib import suppress
from enum import StrEnum

from redis import Redis, RedisError

from wire import keys
from wire.connection import text_hash


class Tally(StrEnum):
    """What is counted, since the broker was last empty."""

    RETRIED = "chunks_retried"
    REPLACED = "chunks_replaced"
    FAILED = "chunks_failed"
    LATE = "results_late"
    REFUSED = "results_refused"
    STALE = "messages_stale"


def count(broker: Redis, tally: Tally) -> None:
    """Count one more. What a broker that is full or away does not take is lost, and fails nothing."""
    with suppress(RedisError):
        broker.hincrby(keys.TALLIES, tally)


def read(broker: Redis) -> dict[Tally, int]:
    """Return every tally; 0 where nothing was counted."""
    known = text_hash(broker, keys.TALLIES)
    return {tally: int(known.get(tally, 0)) for tally in Tally}
