"""How far a job is read, which job is next, and what a batch gives for the air. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from avatars.store import Avatar
from streamer.buffer import Spoken
from streamer.mixing import fits
from wire import chunks
from wire.batches import Batch, MisshapenBatchError, Patch
from wire.jobs import Job, State
from wire.media import SAMPLES_PER_FRAME


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


def overtaken(playlist: Sequence[Job], known: set[str]) -> list[str]:
    """Return which of the jobs `known`, read in part or whole, come behind one that is to be read first."""
    first = choose(playlist, known)
    behind = playlist[playlist.index(first) + 1 :] if first else ()
    return [job.id for job in behind if job.id in known]


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


def replaced(reading: Reading, sound: NDArray[np.int16]) -> list[Spoken]:
    """Return the rest of the chunk with the clip's own mouth; `sound` is the whole chunk's, or empty."""
    start = chunks.span(reading.chunk, reading.job.frames).start
    whole = np.zeros((reading.rest().stop - start) * SAMPLES_PER_FRAME, np.int16)
    whole[: len(sound)] = sound[: len(whole)]
    pieces = whole.reshape(-1, SAMPLES_PER_FRAME)
    return [
        Spoken(reading.job, n, reading.job.position + n, Patch.empty(), pieces[n - start], own_mouth=True)
        for n in reading.rest()
    ]
