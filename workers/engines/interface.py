"""The one interface behind which a GPU, a CPU or a test's made-up engine works."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Protocol, Self

import numpy as np
from numpy.typing import NDArray

from avatars.store import Avatar
from wire.batches import Patch


@dataclass(frozen=True, slots=True)
class Speech:
    """The sound of one chunk as an engine hears it.

    `samples` is 16 kHz mono, int16, 640 a frame: `lead` frames before the chunk, its `frames`, and what
    follows; there is no more before the start and after the end of the job. `loudest` is the maximum of
    log10 mel power over the whole job (see `latentsync.mel`), so that every chunk is judged by one scale.
    The chunk begins at `first_frame` of the `job_frames` of `job`. `workers.hearing` says how much comes.
    """

    samples: NDArray[np.int16]
    lead: int
    frames: int
    loudest: float
    job: str
    first_frame: int
    job_frames: int

    @classmethod
    def alone(cls, samples: NDArray[np.int16], frames: int, loudest: float) -> Self:
        """Return the sound of a job that is one chunk."""
        return cls(samples, 0, frames, loudest, "", 0, frames)


@dataclass(frozen=True, slots=True)
class Order:
    """What to render: one chunk of a job, its frames' places in the clip, and the job's wishes."""

    job: str
    chunk: int
    attempt: int
    first_frame: int
    clip_frames: tuple[int, ...]
    guidance_scale: float
    inference_steps: int
    seed: int


class LostDeviceError(RuntimeError):
    """The engine's device is of no more use to this process, which ends once it has reported the chunk."""


class Engine(Protocol):
    """Renders chunks; one instance a worker process, used by one thread.

    Attributes:
        name: which engine it is.
        weights: once warm, what tells its weights from others; empty where it has none.
        device: what it renders on.
    """

    name: str
    weights: str
    device: str

    def warm_up(self) -> None:
        """Load and try out all that is needed, so that the first chunk is as fast as any."""

    def features(self, speech: Speech) -> Any:
        """Return what the sound of the chunk says about its frames, in the engine's own form."""

    def render(self, avatar: Avatar, features: Any, order: Order) -> Iterator[Patch]:
        """Yield one patch for each of `order.clip_frames`, in order.

        The same order gives the same pixels on every worker of this engine; on GPUs within one grey level,
        since each process chooses the fastest of several ways to the same sums.

        Raises:
            RuntimeError: the chunk cannot be rendered; the text says why.
            LostDeviceError: nor can any other in this process.
        """
