"""What was sent of each job: noted by the encoder, told to the broker and the frames server by others."""

from dataclasses import dataclass, replace
from threading import Event, Lock

from streamer.buffer import Spoken
from wire import chunks
from wire.jobs import Job


@dataclass(frozen=True, slots=True)
class Aired:
    """So many frames of the job are past: sent, or among the `lost`, which never will be.

    `degraded`: some were lost, or sent without the patch they should have had. `underruns`: so often speech
    stood still until its next frame came.
    """

    job: Job
    frames: int
    degraded: bool = False
    lost: int = 0
    underruns: int = 0

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
        self._pass(spoken, lost=0)

    def lose(self, spoken: Spoken) -> int:
        """Note that the frame will never be sent; return how many of its job are lost by now."""
        return self._pass(spoken, lost=1).lost

    def _pass(self, spoken: Spoken, lost: int) -> Aired:
        with self._lock:
            known = self._aired.get(spoken.job.id)
            before = known or Aired(spoken.job, 0, underruns=spoken.job.underruns)
            frames = max(before.frames, spoken.number + 1)
            degraded = before.degraded or spoken.own_mouth or lost > 0
            underruns = before.underruns + spoken.was_late
            aired = Aired(spoken.job, frames, degraded, before.lost + lost, underruns)
            self._aired[spoken.job.id] = aired
        if known is None or spoken.is_last:
            self.news.set()
        return aired

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
            told = self._told.pop(aired.job.id, None)
            if self._aired.get(aired.job.id) == told:
                self._aired.pop(aired.job.id, None)

    def abandon(self, aired: Aired) -> None:
        """Note that the job ended elsewhere: what is left of it may go, as if it had been sent.

        What the encoder still held of it comes later, and is told as of a job that has just begun.
        """
        with self._lock:
            if self._aired.get(aired.job.id) == aired:
                del self._aired[aired.job.id]
            self._told[aired.job.id] = replace(aired, frames=aired.job.frames)
