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
from wire import channels, jobs, workers
from wire.connection import memory, now_ms
from wire.jobs import Job

FULL = 0.9
"""Share of the broker's memory above which nothing new is admitted: the rest is for what is under way."""


def check_room(broker: Redis) -> None:
    """Raises: BrokerFullError: the broker's memory is almost full."""
    used, bound = memory(broker)
    if bound and used > FULL * bound:
        raise BrokerFullError(
            f"The broker holds {used} of {bound} bytes: nothing is taken until it has room."
        )


def check_render(broker: Redis) -> None:
    """Raises: NoRenderWorkerError: no render worker's heart beats."""
    if not any(worker.role == "render" for worker in workers.serving(broker)):
        raise NoRenderWorkerError("No render worker is alive: nothing could be spoken.")


def check_channel(broker: Redis, name: str, config: Settings) -> None:
    """Check that a job for the channel would be admitted now.

    Raises:
        UnknownChannelError: no streamer ever played it.
        NoStreamerError: its streamer is not alive.
        PlaylistFullError: as many jobs wait as may.
    """
    channel = channels.load(broker, name)
    if channel is None and name != config.channel:
        raise UnknownChannelError(f"There is no channel {name}.")
    if channel is None or not channel.is_live(now_ms(broker)):
        raise NoStreamerError(f"No streamer is alive for the channel {name}.")
    if jobs.waiting(broker, name) >= config.jobs_waiting_max:
        raise _full(name, config)


def check_early(broker: Redis, form: Mapping[str, str], config: Settings) -> None:
    """Check the channel before its file is read, where the fields so far leave no doubt which is meant."""
    named = form.get("channel")
    if named is not None or set(channels.names(broker)) <= {config.channel}:
        check_channel(broker, named or config.channel, config)


def admit(broker: Redis, job: Job, config: Settings) -> None:
    """Put the job on its channel's playlist.

    Raises:
        PlaylistFullError: the last place went to another in the meantime.
    """
    if not jobs.admit(broker, job, config.jobs_waiting_max):
        raise _full(job.channel, config)


def _full(channel: str, config: Settings) -> PlaylistFullError:
    return PlaylistFullError(f"{config.jobs_waiting_max} jobs wait on the channel {channel}: no more fit.")
