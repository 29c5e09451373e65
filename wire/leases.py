"""Who sends a channel: one streamer at a time holds its lease, as long as it is heard of."""

from collections.abc import Mapping
from dataclasses import dataclass

from redis import Redis

from wire import keys, scripts
from wire.connection import script, text_hash


class DeposedError(RuntimeError):
    """The channel's lease has gone to another: what this streamer tells is not taken any more."""


@dataclass(frozen=True, slots=True)
class Lease:
    """A channel's lease as it lies in the broker; times are its clock in milliseconds.

    `epoch` grows whenever another takes it; `holder` is empty where the last one let it go. It was taken at
    `since_ms` and renewed at `at_ms`, which each renewal makes later: so a holder that lives is seen to.
    """

    holder: str = ""
    epoch: int = 0
    since_ms: int = 0
    at_ms: int = 0


def load(broker: Redis, channel: str) -> Lease:
    """Return the channel's lease; one of epoch 0 that nobody holds where there is none."""
    text = text_hash(broker, keys.lease(channel))
    if not text:
        return Lease()
    return Lease(text["holder"], *(int(text[name]) for name in ("epoch", "since_ms", "at_ms")))


def take(broker: Redis, channel: str, holder: str, seen: Lease, epoch: int) -> bool:
    """Have `holder` hold the channel's lease by this `epoch`; False if it changed since it was `seen`."""
    was = (str(seen.epoch), str(seen.at_ms))
    return bool(script(broker, scripts.TAKE_LEASE, [keys.lease(channel)], holder, str(epoch), *was) == 1)


def renew(broker: Redis, channel: str, holder: str, epoch: int) -> None:
    """Say that `holder` lives. A broker that lost the lease is told it anew.

    Raises:
        DeposedError: it has gone to another, by an epoch that is at least as new.
    """
    other = script(broker, scripts.RENEW_LEASE, [keys.lease(channel)], holder, str(epoch))
    if other:
        raise DeposedError(f"{other[0] or 'another that let it go'} took it, epoch {other[1]}")


def release(broker: Redis, channel: str, holder: str, epoch: int) -> None:
    """Let the lease go, if `holder` has it by this `epoch`: another may take it at once."""
    script(broker, scripts.RELEASE_LEASE, [keys.lease(channel)], holder, str(epoch))


def tell(broker: Redis, channel: str, epoch: int, key: str, told: Mapping[str, str], kept_s: int) -> None:
    """Keep for `kept_s`, in the hash at `key`, what the streamer tells that holds the channel by `epoch`.

    Raises:
        DeposedError: another streamer sends the channel by now.
    """
    fields = [part for pair in told.items() for part in pair]
    accepted(script(broker, scripts.TELL, [key, keys.lease(channel)], str(kept_s), *fields, str(epoch)))


def accepted(answer: object) -> bool:
    """Return whether a script that takes no word of deposed streamers did what it was to do.

    Raises:
        DeposedError: it came from one.
    """
    if answer == -1:
        raise DeposedError("another streamer sends the channel by now")
    return answer == 1
