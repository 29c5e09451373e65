"""What the frames server holds, as a dispatch worker knows it from one look to the next."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import replace

from redis import Redis

from wire import supply
from wire.connection import Memory
from wire.jobs import Job
from wire.supply import Fence

Asked = Mapping[str, tuple[Job, Sequence[int]]]
"""By their ids the jobs of a pass, each with those of its chunks that are done."""


class Stock:
    """Fences as they were when they were looked at, and what was laid ready since.

    A pass that was rung for believes it: looking is a fifth of its cost. What is lost meanwhile the timer's
    next pass finds. `held` is the server's memory at the last look.
    """

    def __init__(self) -> None:
        self._fences: dict[str, Fence | None] = {}
        self.held: Memory = (0, 0)

    def fences(self, frames: Redis, asked: Asked, anew: bool) -> dict[str, Fence]:
        """Return the fences of those jobs that have one; looks where `anew`, or where one is in doubt."""
        if anew or any(self._is_in_doubt(job) for job, _ in asked.values()):
            done = {job_id: chunks for job_id, (_, chunks) in asked.items()}
            found, self.held = supply.look(frames, done)
            self._fences = {job_id: found.get(job_id) for job_id in asked}
            return found
        known = {job_id: self._fences[job_id] for job_id in asked}
        return {id: replace(fence, there=frozenset(asked[id][1])) for id, fence in known.items() if fence}

    def _is_in_doubt(self, job: Job) -> bool:
        """Return whether the broker tells of the job what does not go with what is known of its fence."""
        if job.id not in self._fences:
            return True
        fence = self._fences[job.id]
        return job.chunks_sent > 0 if fence is None else fence.epoch != job.epoch

    def raised(self, job_id: str, epoch: int, chunk: int) -> None:
        """Note a fence that was raised."""
        self._fences[job_id] = Fence(epoch, chunk, frozenset())

    def laid(self, job_id: str, pieces: Iterable[int], gone: Collection[int]) -> None:
        """Note pieces of what engines hear that were laid ready, and those that went."""
        if fence := self._fences.get(job_id):
            self._fences[job_id] = replace(fence, heard=(fence.heard | {*pieces}).difference(gone))

    def doubt(self, job_id: str) -> None:
        """Have the next pass look: the server refused what a fence that is known would have let pass."""
        self._fences.pop(job_id, None)
