"""How a channel that is on air stands, as its streamer tells each second."""

from dataclasses import asdict, dataclass

from redis import Redis

from wire import keys, leases
from wire.channels import Channel
from wire.connection import text_hash

TOLD_S = 10
"""They are forgotten so long after the streamer's last word."""


@dataclass(frozen=True, slots=True)
class Gauges:
    """In seconds; None for what is not known yet.

    `playout_lag_s` is how far what left the encoder lies behind the clock; `buffer_ahead_s` how much speech
    is read and not sent; `sound_offset_s` how much later the sound that left the encoder comes than its
    picture, in the speech that was heard last.
    """

    playout_lag_s: float | None = None
    buffer_ahead_s: float | None = None
    sound_offset_s: float | None = None


def report(broker: Redis, channel: Channel, gauges: Gauges) -> None:
    """Tell how the channel stands.

    Raises:
        DeposedError: another streamer sends the channel by now.
    """
    told = {name: f"{value:.4f}" for name, value in asdict(gauges).items() if value is not None}
    leases.tell(broker, channel.name, channel.epoch, keys.gauges(channel.name), told, TOLD_S)


def load(broker: Redis, name: str) -> Gauges:
    """Return how the channel stands; nothing is known of one that no streamer sends."""
    return Gauges(**{field: float(value) for field, value in text_hash(broker, keys.gauges(name)).items()})
