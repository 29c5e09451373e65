"""Every key name, and the server it lives on. `docs/formats.md` says who writes, who reads, and its end."""

# on the broker
JOBS = "jobs"
"""Sorted set: job ids by the time they were posted."""
EXPIRING = "expiring"
"""Sorted set: jobs that wait and will not for ever, by the time they expire."""
WORKERS = "workers"
"""Set: names of workers that were seen."""
CHANNELS = "channels"
"""Set: names of channels that a streamer ever played."""
TURN = "dispatch:turn"
"""Counter: dispatch passes that handed something out, and jobs that ended; a pass sees by it what happened
since it looked."""
TALLIES = "tallies"
"""Hash: what workers count of the trouble that was mended, a field for each `wire.tallies.Tally`."""


def job(job_id: str) -> str:
    """Hash: the job's record."""
    return f"job:{job_id}"


def chunks(job_id: str) -> str:
    """Hash: the job's chunk table, a row for each chunk handed out and not yet aired."""
    return f"chunks:{job_id}"


def playlist(channel: str) -> str:
    """List: jobs of the channel that have not ended, in airing order."""
    return f"playlist:{channel}"


def channel(name: str) -> str:
    """Hash: what the channel's streamer plays, and where it is."""
    return f"channel:{name}"


def lease(channel: str) -> str:
    """Hash: which streamer sends the channel."""
    return f"lease:{channel}"


def counters(channel: str) -> str:
    """Hash with a short life: the counters of the channel's streamer."""
    return f"counters:{channel}"


def gauges(channel: str) -> str:
    """Hash with a short life: how the channel stands."""
    return f"gauges:{channel}"


def targets(channel: str) -> str:
    """Hash: RTMP addresses that were added to the channel's outputs, by their ids."""
    return f"targets:{channel}"


def pushing(channel: str) -> str:
    """Hash with a short life: how each of the channel's targets stands."""
    return f"pushing:{channel}"


def worker(name: str) -> str:
    """JSON with a short life: a worker's heartbeat."""
    return f"worker:{name}"


# on the frames server
def fence(job_id: str) -> str:
    """Hash: the epoch and the first chunk that may still be written."""
    return f"fence:{job_id}"


def sound(job_id: str, chunk: int) -> str:
    """Hash: the sound of one chunk for the air, and what of the job its engine hears with it."""
    return f"sound:{job_id}:{chunk}"


def heard(job_id: str) -> str:
    """Hash: what engines hear of the job, in pieces of a second."""
    return f"heard:{job_id}"


def frames(job_id: str, chunk: int) -> str:
    """Stream: the chunk's frame batches, entry `{batch + 1}-0`."""
    return f"frames:{job_id}:{chunk}"
