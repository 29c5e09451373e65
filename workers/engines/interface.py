"""The one interface behind which a GPU, a CPU or a test's made-up engine works."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Protocol

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
    """

    samples: NDArray[np.int16]
    lead: int
    frames: int
    loudest: float


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


class Engine(Protocol):
    """Renders chunks; one instance a worker process, used by one thread."""

    name: str
    device: str

    def warm_up(self) -> None:
        """Load and try out all that is needed, so that the first chunk is as fast as any."""

    def features(self, speech: Speech) -> Any:
        """Return what the sound of the chunk says about its frames, in the engine's own form."""

    def render(self, avatar: Avatar, features: Any, order: Order) -> Iterator[Patch]:
        """Yield one patch for each of `order.clip_frames`, in order.

        The same order gives the same pixels on every worker of this engine.

        Raises:
            RuntimeError: the chunk cannot be rendered; the text says why.
        """
