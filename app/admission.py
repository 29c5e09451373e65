"""Who is admitted: what must be alive for a job to be spoken, and room on its playlist and at the broker."""

from collections.abc import Mapping

from redis import Redis

from app.errors import (
    BrokerFullError,
    NoRenderWorkerError,
    NoStreamerError,
    PlaylistFullError,
    UnknownChannelError,
)
from settings import Settings
from wire import channels, jobs, keys, workers
from wire.channels import Channel
from wire.connection import MEMORY, Memory, in_ms, memory, scripts_at_once
from wire.jobs import Job

FULL = 0.9
"""Share of the broker's memory above which nothing new is admitted: the rest is for what is under way."""


def check_room(broker: Redis) -> None:
    """Raises: BrokerFullError: the broker's memory is almost full."""
    _check_memory(memory(broker))


def check_service(broker: Redis) -> None:
    """Check that whatever is posted could be rendered.

    Raises:
        BrokerFullError: the broker's memory is almost full.
        NoRenderWorkerError: no render worker's heart beats.
    """
    (used, bound), found = scripts_at_once(broker, MEMORY, workers.LIVE)
    _check_memory((int(used), int(bound)))
    if not any(worker.role == "render" for worker in workers.takers(workers.parse(found))):
        raise NoRenderWorkerError("No render worker is alive: nothing could be spoken.")


def check_early(broker: Redis, form: Mapping[str, str], config: Settings) -> None:
    """Check the channel before its file is read, where the fields so far leave no doubt which is meant.

    Raises:
        UnknownChannelError, NoStreamerError, PlaylistFullError: see `check_channel`.
    """
    named = form.get("channel")
    if named is not None or set(channels.names(broker)) <= {config.channel}:
        check_channel(broker, named or config.channel, config)


def check_channel(broker: Redis, name: str, config: Settings) -> None:
    """Check that a job for the channel would be admitted now.

    Raises:
        UnknownChannelError: no streamer ever played it.
        NoStreamerError: its streamer is not alive.
        PlaylistFullError: as many jobs wait as may.
    """
    channel, waiting, now = _look(broker, name)
    if channel is None and name != config.channel:
        raise UnknownChannelError(f"There is no channel {name}.")
    if channel is None or not channel.is_live(now):
        raise NoStreamerError(f"No streamer is alive for the channel {name}.")
    if waiting >= config.jobs_waiting_max:
        raise _full(name, config)


def admit(broker: Redis, job: Job, config: Settings) -> None:
    """Put the job on its channel's playlist.

    Raises:
        PlaylistFullError: the last place went to another in the meantime.
    """
    if not jobs.admit(broker, job, config.jobs_waiting_max):
        raise _full(job.channel, config)


def _check_memory(of_broker: Memory) -> None:
    used, bound = of_broker
    if bound and used > FULL * bound:
        raise BrokerFullError(
            f"The broker holds {used} of {bound} bytes: nothing is taken until it has room."
        )


def _look(broker: Redis, name: str) -> tuple[Channel | None, int, int]:
    """Return the channel if a streamer ever played it, how many jobs wait there, and the time in ms."""
    with broker.pipeline(transaction=False) as pipe:
        pipe.hgetall(keys.channel(name))
        pipe.llen(keys.playlist(name))
        pipe.time()
        told, waiting, time = pipe.execute()
    channel = channels.parse(name, told) if told else None
    return channel, waiting, in_ms(time)


def _full(channel: str, config: Settings) -> PlaylistFullError:
    return PlaylistFullError(f"{config.jobs_waiting_max} jobs wait on the channel {channel}: no more fit.")
