"""What a model's failure means for its worker: one chunk is lost, or the device with it."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from traceback import clear_frames

import torch

from workers.engines.interface import LostDeviceError


@contextmanager
def told(device: str, make_room: Callable[[], None]) -> Iterator[None]:
    """Turn whatever the model raises into a reason that the chunk can be reported with.

    Args:
        make_room: gives back what was kept on the device; called when its memory was too small.
    Raises:
        RuntimeError: the chunk failed, and the next one may go well.
        LostDeviceError: no chunk will go well in this process any more.
    """
    try:
        yield
    except torch.OutOfMemoryError as error:
        clear_frames(error.__traceback__)  # what was being worked on goes as well
        make_room()
        torch.cuda.empty_cache()
        raise RuntimeError(f"The memory of {device} is too small, with what others hold: {error}") from error
    except (ValueError, RuntimeError) as error:
        if device == "cuda" and not _answers():
            raise LostDeviceError(f"The GPU failed, and this worker starts anew: {error}") from error
        raise RuntimeError(f"The chunk cannot be rendered: {error}") from error


def _answers() -> bool:
    """Say whether the GPU still computes: after an error of its own it never does again for this process."""
    try:
        torch.cuda.synchronize()
        return bool(torch.ones(1, device="cuda").item() == 1)
    except RuntimeError:
        return False
