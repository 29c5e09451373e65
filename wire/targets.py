"""Where a channel's stream goes beside what its settings say, and how each target stands."""

import json
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from enum import StrEnum
from secrets import token_hex
from typing import Self

from redis import Redis

from wire import keys, leases, scripts
from wire.connection import script, text_hash

TARGETS_MAX = 16
"""Targets that may be added to a channel: each costs a process of 40 MB and a hundredth of a core."""
REPORTED_S = 5
"""How long a report holds: a streamer that is alive tells twice a second."""


class State(StrEnum):
    """`WAITING`: added, and not yet taken up by the streamer."""

    WAITING = "waiting"
    CONNECTING = "connecting"
    CONNECTED = "connected"


@dataclass(frozen=True, slots=True)
class Report:
    """How a target stands. `address` and `error` have no key in them; folders' addresses are empty.

    `open_s`: for how long it has been connected. `groups_dropped`: keyframes that it did not get, each with
    what follows it up to the next, because it was slow.
    """

    id: str
    kind: str
    address: str
    is_set: bool
    state: State
    open_s: float = 0.0
    reconnects: int = 0
    groups_dropped: int = 0
    error: str = ""

    def to_json(self) -> str:
        return json.dumps(asdict(self))

    @classmethod
    def of(cls, text: str) -> Self:
        fields = json.loads(text)
        return cls(**fields | {"state": State(fields["state"])})


def add(broker: Redis, channel: str, address: str) -> str | None:
    """Have the channel's stream sent to an RTMP address; return the target's id, None if there are too many.

    An address that was added before keeps its id.
    """
    new, most = token_hex(4), str(TARGETS_MAX)
    known = script(broker, scripts.ADD_TARGET, [keys.targets(channel)], new, address, most)
    return str(known) if known else None


def remove(broker: Redis, channel: str, target: str) -> bool:
    """Have the stream sent there no more; return whether there was such a target that had been added."""
    return bool(broker.hdel(keys.targets(channel), target))


def added(broker: Redis, channel: str) -> dict[str, str]:
    """Return the addresses, keys and all, that were added, by their ids."""
    return text_hash(broker, keys.targets(channel))


def report(broker: Redis, channel: str, reports: Iterable[Report], epoch: int) -> None:
    """Tell how the targets stand, as the streamer that holds the channel by `epoch`.

    Raises:
        DeposedError: another streamer sends the channel by now.
    """
    told = {report.id: report.to_json() for report in reports}
    leases.tell(broker, channel, epoch, keys.pushing(channel), told, REPORTED_S)


def reports(broker: Redis, channel: str) -> list[Report]:
    """Return how the targets stand; empty where no streamer is alive."""
    return [Report.of(text) for _, text in sorted(text_hash(broker, keys.pushing(channel)).items())]
