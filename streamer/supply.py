"""Reads the jobs of the channel's playlist ahead of the air, chunk by chunk, from a thread of its own."""

import logging
from collections.abc import Sequence
from dataclasses import dataclass, replace
from threading import Event
from time import monotonic

import numpy as np
from redis import Redis, RedisError

from avatars.store import Avatar
from streamer.buffer import Buffer, Spoken
from streamer.counters import Counters
from streamer.mixing import fits
from streamer.outage import Outage
from streamer.progress import Progress
from wire import chunks, jobs, supply
from wire.batches import Batch, MisshapenBatchError, Patch
from wire.jobs import Job, State
from wire.media import SAMPLES_PER_FRAME

LOOK_S = 0.08
"""Between two looks at the playlist while nothing is read; a first chunk takes longer to render."""
LOOK_READING_S = 0.5
"""Between two looks while a job is read: it may have failed meanwhile."""
BLOCK_S = 0.2
"""How long a read waits for the next batch; stopping takes as long."""
RETRY_S = 0.5
"""Pause after Redis failed."""

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Reading:
    """How far a job is read: the next frame wanted, and the batches already read of that frame's chunk."""

    job: Job
    frame: int
    batches: int = 0

    @property
    def chunk(self) -> int:
        return chunks.chunk_of(self.frame)

    @property
    def is_begun(self) -> bool:
        return self.batches > 0 or self.frame > self.job.frames_aired

    @property
    def is_over(self) -> bool:
        return self.frame >= self.job.frames

    def rest(self) -> range:
        """Return the frames of the chunk that are still to be read."""
        return range(self.frame, chunks.span(self.chunk, self.job.frames).stop)

    def after(self, frames: int) -> "Reading":
        """Return the reading with so many more frames read."""
        chunk_ends = self.frame + frames >= self.rest().stop
        return replace(self, frame=self.frame + frames, batches=0 if chunk_ends else self.batches + 1)


def choose(playlist: Sequence[Job], read: set[str]) -> Job | None:
    """Return the job to read next: the first that has frames to come and was not `read` to its end."""
    for job in playlist:
        if job.state in (State.RENDERING, State.ON_AIR) and job.frames > 0 and job.id not in read:
            return job
    return None


def cut(batch: Batch, reading: Reading, avatar: Avatar) -> list[Spoken]:
    """Return the batch's frames from the one wanted next; patches that cannot be laid become empty.

    Raises:
        MisshapenBatchError: the frame wanted next is not in it.
    """
    skipped = reading.frame - batch.first_frame
    if not 0 <= skipped < len(batch.patches) or batch.job != reading.job.id:
        raise MisshapenBatchError(f"it starts at frame {batch.first_frame}, wanted is {reading.frame}")
    sounds = batch.sound.reshape(-1, SAMPLES_PER_FRAME)
    frames = []
    for i in range(skipped, min(len(sounds), reading.rest().stop - batch.first_frame)):
        usable = is_usable(batch, i, avatar)
        patch = batch.patches[i] if usable else Patch.empty()
        number, position = batch.first_frame + i, batch.position + i
        frames.append(Spoken(reading.job, number, position, patch, sounds[i], own_mouth=not usable))
    return frames


def is_usable(batch: Batch, index: int, avatar: Avatar) -> bool:
    """Return whether the batch's patch was made for this avatar, and lies within its pictures."""
    return batch.avatar == avatar.hash and fits(batch.patches[index], avatar.width, avatar.height)


class Reader:
    """Fills the buffer until stopped. Redis failing is retried; it never stops the air."""

    def __init__(
        self,
        broker: Redis,
        frames: Redis,
        avatar: Avatar,
        channel: str,
        buffer: Buffer,
        progress: Progress,
        counters: Counters,
    ) -> None:
        self._broker, self._frames = broker, frames
        self._avatar, self._channel = avatar, channel
        self._buffer, self._progress, self._counters = buffer, progress, counters
        self._reading: Reading | None = None
        self._read: set[str] = set()
        self._looked_s = 0.0
        self._outage = Outage(log, "reading jobs from Redis")

    def run(self, stop: Event) -> None:
        """Read until `stop`; the body of a thread."""
        while not stop.is_set():
            try:
                pause_s = self._round()
                self._outage.ended()
            except RedisError as error:
                self._counters.reads_failed += 1
                self._outage.began(error)
                pause_s = RETRY_S
            except Exception:
                log.exception("reading failed, and goes on in %s s", RETRY_S)
                pause_s = RETRY_S
            stop.wait(pause_s)

    def _round(self) -> float:
        if self._is_time_to_look():
            self._look()
        if self._reading is None:
            return LOOK_S
        if self._buffer.is_full():
            return BLOCK_S
        self._read_on(self._reading)
        return 0.0

    def _is_time_to_look(self) -> bool:
        begun = self._reading is not None and self._reading.is_begun
        return monotonic() - self._looked_s >= (LOOK_READING_S if begun else LOOK_S)

    def _look(self) -> None:
        """See which jobs ended elsewhere, and, until frames of one were read, which comes next."""
        ids = jobs.playlist(self._broker, self._channel)
        self._looked_s = monotonic()
        self._forget(self._known() - set(ids))
        if ids and not (self._reading and self._reading.is_begun):
            job = choose(jobs.load_many(self._broker, ids), self._read)
            self._begin(job)

    def _known(self) -> set[str]:
        return self._read | ({self._reading.job.id} if self._reading else set())

    def _begin(self, job: Job | None) -> None:
        if job is None:
            self._reading = None
        elif self._reading is None or self._reading.job.id != job.id:
            log.info("job %s: %d frames, read from frame %d", job.id, job.frames, job.frames_aired)
            self._go_on(Reading(job, job.frames_aired))

    def _go_on(self, reading: Reading) -> None:
        self._reading = reading
        if reading.is_over:
            if not reading.is_begun:  # all of it was sent before a restart, and only the report was missed
                self._progress.finish(reading.job)
            self._read.add(reading.job.id)
            self._reading = None
            self._looked_s = 0.0

    def _forget(self, gone: set[str]) -> None:
        for job_id in gone:
            self._buffer.drop(job_id)
            self._read.discard(job_id)
        if self._reading and self._reading.job.id in gone:
            log.info("job %s is no longer to be sent", self._reading.job.id)
            self._reading = None

    def _read_on(self, reading: Reading) -> None:
        after = [(reading.chunk, reading.batches)]
        try:
            # one at a time, so that one that is unreadable is known
            batches = supply.read(self._frames, reading.job.id, after, count=1, block_s=BLOCK_S)
            if batches:
                self._accept(reading, batches[0])
        except MisshapenBatchError as error:
            log.error("job %s chunk %d: %s; own mouth", reading.job.id, reading.chunk, error)
            self._counters.batches_unusable += 1
            rest = self._reading or reading
            self._put(rest, self._replacement(rest))

    def _accept(self, reading: Reading, batch: Batch) -> None:
        if batch.batch == 0 and batch.avatar != self._avatar.hash:
            log.error(
                "job %s chunk %d: made for avatar %s, on air is %s; own mouth",
                *(batch.job, batch.chunk, batch.avatar, self._avatar.hash),
            )
        if batch.first_frame + len(batch.patches) <= reading.frame:  # sent before a restart
            self._reading = reading = replace(reading, batches=reading.batches + 1)
        else:
            self._put(reading, cut(batch, reading, self._avatar))
            reading = reading.after(len(batch.patches))
        if batch.last and reading.batches:
            raise MisshapenBatchError("it ends early")

    def _put(self, reading: Reading, frames: list[Spoken]) -> None:
        unusable = sum(frame.own_mouth for frame in frames)
        self._counters.frames_own_mouth += unusable
        self._buffer.put(frames)
        self._go_on(reading.after(len(frames)))

    def _replacement(self, reading: Reading) -> list[Spoken]:
        """Return the rest of a chunk with the clip's own mouth, and its true sound if that is to be had."""
        start = chunks.span(reading.chunk, reading.job.frames).start
        sound = np.zeros((len(reading.rest()) + reading.frame - start) * SAMPLES_PER_FRAME, np.int16)
        try:
            found = supply.get_sound(self._frames, reading.job.id, reading.chunk)
        except (KeyError, ValueError):
            found = None
        if found is not None:
            sound[: len(found.air)] = found.air[: len(sound)]
        pieces = sound.reshape(-1, SAMPLES_PER_FRAME)
        return [
            Spoken(reading.job, n, reading.job.position + n, Patch.empty(), pieces[n - start], own_mouth=True)
            for n in reading.rest()
        ]
