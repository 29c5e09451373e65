"""A UNet whose steps are replayed as CUDA graphs: what the host would launch kernel by kernel, in one go.

A graph has one size, so a chunk is filled up to the next size there is; what fills it is left out of every
statistic, and the chunk comes out as it would alone.
"""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass

import torch
from torch import Tensor

from latentsync.mask import LATENT_PX
from latentsync.unet import Heard, UNet

_WARM_UPS = 2  # before a capture: kernels are compiled and ways of convolutions chosen


@dataclass(frozen=True, slots=True, eq=False)
class _Step:
    """One captured size: write the inputs, replay, read `noise`, which the next replay overwrites."""

    graph: torch.cuda.CUDAGraph
    sample: Tensor
    timestep: Tensor
    real: Tensor
    noise: Tensor


@contextmanager
def trials() -> Iterator[None]:
    """Have cuDNN try out the ways of each convolution that is new to it, and keep to the fastest.

    It is some percent faster than the one that would be taken untried. Trials are a good part of a worker's
    start, so they are for what most of a job is rendered with; and nothing is tried while a job is on.
    """
    before = torch.backends.cudnn.benchmark
    torch.backends.cudnn.benchmark = True
    try:
        yield
    finally:
        torch.backends.cudnn.benchmark = before


class CapturedUNet:
    """A `Denoiser` for one device and thread. Every size is captured at once, at the start."""

    def __init__(self, unet: UNet, sizes: Sequence[int], window: tuple[int, int]) -> None:
        """Capture chunks of each of `sizes` frames, alone and as the two passes of guidance.

        Args:
            window: shape of a frame's window of sound, `(50, 384)`.
        """
        unet.join()
        self._unet, self._sizes = unet, sorted(sizes)
        self._heard: dict[int, Heard] = {}
        self._steps: dict[tuple[int, int], _Step] = {}
        self._pool = torch.cuda.graph_pool_handle()
        self._side = torch.cuda.Stream()  # type: ignore[no-untyped-call]  # torch has no types here
        for frames in reversed(self._sizes):  # the largest first: the others fit into its memory
            for batch in (2, 1):
                usual = (batch, frames) == (1, self._sizes[-1])
                with trials() if usual else nullcontext():
                    self._steps[batch, frames] = self._capture(batch, frames, window)

    def room(self, frames: int) -> int:
        """Return the size that a chunk of `frames` is to be filled up to."""
        return next((size for size in self._sizes if size >= frames), frames)

    @torch.inference_mode()
    def listen(self, audio: Tensor) -> Heard:
        """As `UNet.listen`; where such a size was captured it holds until the next call for that size."""
        heard = self._unet.listen(audio)
        kept = self._heard.get(len(audio))
        if kept is None:
            return heard
        for (old_keys, old_values), (keys, values) in zip(kept, heard, strict=True):
            old_keys.copy_(keys)
            old_values.copy_(values)
        return kept

    @torch.inference_mode()
    def denoise(
        self, sample: Tensor, timestep: int | Tensor, heard: Heard, real: int | Tensor | None = None
    ) -> Tensor:
        """As `UNet.denoise`; what it returns holds until the next call."""
        batch, _, frames = sample.shape[:3]
        step = self._steps.get((batch, frames))
        if step is None or heard is not self._heard[batch * frames]:
            return self._unet.denoise(sample, timestep, heard, real)
        step.sample.copy_(sample)
        step.timestep.fill_(timestep)
        step.real.fill_(frames if real is None else real)
        step.graph.replay()
        return step.noise

    @torch.inference_mode()
    def _capture(self, batch: int, frames: int, window: tuple[int, int]) -> _Step:
        weight = self._unet.conv_in.weight
        sample = weight.new_zeros(batch, weight.shape[1], frames, LATENT_PX, LATENT_PX)
        timestep = torch.zeros((), dtype=torch.long, device=weight.device)
        real = torch.full((), frames, device=weight.device)
        windows = batch * frames
        heard = self._heard.setdefault(windows, self._unet.listen(weight.new_zeros(windows, *window)))
        self._side.wait_stream(torch.cuda.current_stream())
        with torch.cuda.stream(self._side):
            for _ in range(_WARM_UPS):
                self._unet.denoise(sample, timestep, heard, real)
        torch.cuda.current_stream().wait_stream(self._side)
        graph = torch.cuda.CUDAGraph()
        with torch.cuda.graph(graph, pool=self._pool):
            noise = self._unet.denoise(sample, timestep, heard, real)
        return _Step(graph, sample, timestep, real, noise)
