"""What was sent of each job: noted by the tick, told to the broker and the frames server by other threads."""

from dataclasses import dataclass, replace
from threading import Event, Lock

from streamer.buffer import Spoken
from wire import chunks
from wire.jobs import Job


@dataclass(frozen=True, slots=True)
class Aired:
    """So many frames of the job were sent; `degraded`: some without the patch they should have had."""

    job: Job
    frames: int
    degraded: bool = False

    @property
    def is_over(self) -> bool:
        return self.frames >= self.job.frames

    @property
    def chunks(self) -> int:
        """How many of the job's chunks were sent whole."""
        return chunks.count(self.job.frames) if self.is_over else chunks.chunk_of(self.frames)


class Progress:
    """The jobs that are not yet reported to their end, in the order they were begun. Safe for threads."""

    def __init__(self) -> None:
        self.news = Event()
        """Set when a job began or ended, so that its report need not wait for the next beat."""
        self._aired: dict[str, Aired] = {}
        self._told: dict[str, Aired] = {}
        self._lock = Lock()

    def note(self, spoken: Spoken) -> None:
        """Note that the frame was sent."""
        with self._lock:
            before = self._aired.get(spoken.job.id)
            degraded = spoken.own_mouth or (before is not None and before.degraded)
            self._aired[spoken.job.id] = Aired(spoken.job, spoken.number + 1, degraded)
        if before is None or spoken.is_last:
            self.news.set()

    def finish(self, job: Job) -> None:
        """Note that all of the job was sent, by an earlier streamer."""
        with self._lock:
            self._aired[job.id] = Aired(job, job.frames)

    def untold(self) -> list[Aired]:
        """Return what the broker has not heard."""
        with self._lock:
            return [aired for job_id, aired in self._aired.items() if self._told.get(job_id) != aired]

    def tell(self, aired: Aired) -> None:
        """Note that the broker heard so much."""
        with self._lock:
            self._told[aired.job.id] = aired

    def told(self) -> list[Aired]:
        """Return what the broker has heard, of jobs that were not forgotten."""
        with self._lock:
            return list(self._told.values())

    def forget(self, aired: Aired) -> None:
        """Drop a job that was reported to its end."""
        with self._lock:
            self._aired.pop(aired.job.id, None)
            self._told.pop(aired.job.id, None)

    def abandon(self, aired: Aired) -> None:
        """Note that the job ended elsewhere: what is left of it may go, as if it had been sent."""
        with self._lock:
            self._told[aired.job.id] = replace(aired, frames=aired.job.frames)
