"""Reads the jobs of the channel's playlist ahead of the air, chunk by chunk, from a thread of its own."""

import logging
from dataclasses import replace
from threading import Event
from time import monotonic

import numpy as np
from numpy.typing import NDArray
from redis import Redis, RedisError

from avatars.store import Avatar
from streamer.buffer import Buffer, Spoken
from streamer.counters import Counters
from streamer.outage import Outage
from streamer.progress import Progress
from streamer.reading import Reading, choose, cut, overtaken, replaced
from wire import chunks, jobs, sounds, supply
from wire.batches import Batch, MisshapenBatchError
from wire.jobs import Job, State

LOOK_S = 0.08
"""Between two looks at the playlist while nothing is read; a first chunk takes longer to render."""
LOOK_READING_S = 0.2
"""Between two looks while a job is read: it may have been cancelled or failed meanwhile."""
BLOCK_S = 0.2
"""How long a read waits for the next batch; stopping takes as long."""
RETRY_S = 0.5
"""Pause after Redis failed."""

SILENCE: NDArray[np.int16] = np.zeros(0, np.int16)

log = logging.getLogger(__name__)


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
        self._listed: set[str] = set()
        self._looked_s = 0.0
        self._broker_outage = Outage(log, "reading the playlist from the broker")
        self._frames_outage = Outage(log, "reading from the frames server")

    def run(self, stop: Event) -> None:
        """Read until `stop`; the body of a thread."""
        while not stop.is_set():
            try:
                pause_s = self._round()
                self._frames_outage.ended()
            except RedisError as error:
                self._counters.reads_failed += 1
                self._frames_outage.began(error)
                pause_s = RETRY_S
            except Exception:
                log.exception("reading failed, and goes on in %s s", RETRY_S)
                pause_s = RETRY_S
            stop.wait(pause_s)

    def _round(self) -> float:
        if self._is_time_to_look():
            self._try_to_look()
        if self._reading is None:
            return LOOK_S
        if self._buffer.is_full():
            return BLOCK_S
        self._read_on(self._reading)
        return 0.0

    def _is_time_to_look(self) -> bool:
        reads = self._reading is not None and self._reading.is_begun
        return monotonic() - self._looked_s >= (LOOK_READING_S if reads else LOOK_S)

    def _try_to_look(self) -> None:
        """Look at the playlist; a broker that fails does not keep from reading on."""
        try:
            self._look()
            self._broker_outage.ended()
        except RedisError as error:
            self._counters.reads_failed += 1
            self._broker_outage.began(error)
        self._looked_s = monotonic()

    def _look(self) -> None:
        """See which jobs ended elsewhere or were overtaken, and, until one has frames read, which is next."""
        ids = jobs.playlist(self._broker, self._channel)
        self._free(self._listed - set(ids))
        self._forget(self._known() - set(ids))
        self._listed = set(ids)
        self._put_back(ids)
        if ids and not (self._reading and self._reading.is_begun):
            job = choose(jobs.load_many(self._broker, ids), self._read)
            self._begin(job)

    def _put_back(self, ids: list[str]) -> None:
        """Take back what was read of jobs that are not on air, and that others were put in front of."""
        known = self._known()
        last = max((place for place, job_id in enumerate(ids) if job_id in known), default=-1)
        if last < len(known):  # they head the playlist
            return
        for job_id in overtaken(jobs.load_many(self._broker, ids[: last + 1]), known):
            if self._buffer.put_back(job_id):
                log.info("job %s: waits for one that was put in front of it", job_id)
                self._read.discard(job_id)
                if self._reading and self._reading.job.id == job_id:
                    self._reading = None

    def _known(self) -> set[str]:
        return self._read | ({self._reading.job.id} if self._reading else set())

    def _begin(self, job: Job | None) -> None:
        if job is None or job.position < 0:  # dispatch has yet to plan it
            self._reading = None
        elif self._reading is None or self._reading.job.id != job.id:
            # a broker that lost its last second may know less of what has aired than the frames server
            past = chunks.span(supply.first_chunk(self._frames, job.id), job.frames).start
            frame = max(job.frames_aired, min(past, job.frames))
            log.info("job %s: %d frames, read from frame %d", job.id, job.frames, frame)
            self._go_on(Reading(job, frame))

    def _go_on(self, reading: Reading) -> None:
        self._reading = reading
        if reading.is_over:
            if not reading.is_begun:  # all of it was sent before a restart, and only the report was missed
                self._progress.finish(reading.job)
            self._read.add(reading.job.id)
            self._reading = None
            self._looked_s = 0.0

    def _free(self, gone: set[str]) -> None:
        """Let nobody wait for the end of jobs that were planned and will not air."""
        for job in jobs.load_many(self._broker, gone) if gone else ():
            if job.state is not State.DONE and job.position >= 0:
                self._buffer.free(job.position + job.frames)

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
        try:
            air = sounds.get_air(self._frames, reading.job.id, reading.chunk)
        except ValueError:
            air = None
        return replaced(reading, SILENCE if air is None else air)
