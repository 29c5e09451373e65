"""What a failure of the model is told as; where there is no GPU, a patched call stands for it."""

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
import torch

from workers.engines.interface import LostDeviceError
from workers.engines.latentsync import trouble
from workers.engines.latentsync.trouble import told

ROOT = Path(__file__).parents[4]

BREAK = """
import torch
from workers.engines.interface import LostDeviceError
from workers.engines.latentsync.trouble import told

try:
    with told("cuda", lambda: None):
        there = torch.zeros(1, device="cuda")
        there[torch.tensor([7], device="cuda")].item()
except LostDeviceError as error:
    raise SystemExit(f"told: {error}")
"""
"""Reads past a tensor's end, after which the GPU answers this process no more."""


def nothing() -> None:
    """There is no room to make."""


def told_of(device: str, error: Exception, make_room: Callable[[], None] = nothing) -> RuntimeError:
    with pytest.raises(RuntimeError) as caught, told(device, make_room):
        raise error
    assert caught.value.__cause__ is error
    return caught.value


def answer(monkeypatch: pytest.MonkeyPatch, answers: bool) -> None:
    monkeypatch.setattr(trouble, "_answers", lambda: answers)


def test_what_goes_well_is_left_alone() -> None:
    with told("cpu", lambda: pytest.fail("room is made without need")):
        done = True
    assert done


@pytest.mark.parametrize("error", [ValueError("a wrong order"), RuntimeError("a broken model")])
@pytest.mark.parametrize("device", ["cpu", "cuda"])
def test_a_failure_that_the_device_outlives_costs_one_chunk(
    device: str, error: Exception, monkeypatch: pytest.MonkeyPatch
) -> None:
    answer(monkeypatch, True)
    seen = told_of(device, error)
    assert not isinstance(seen, LostDeviceError)
    assert str(seen) == f"The chunk cannot be rendered: {error}"


def test_too_little_memory_makes_room_for_the_next_chunk() -> None:
    made: list[str] = []
    seen = told_of("cuda", torch.OutOfMemoryError("tried 2 GiB"), lambda: made.append("room"))
    assert not isinstance(seen, LostDeviceError)
    assert str(seen) == "The memory of cuda is too small, with what others hold: tried 2 GiB"
    assert made == ["room"]


def test_a_device_that_answers_no_more_is_lost(monkeypatch: pytest.MonkeyPatch) -> None:
    def fail() -> None:
        raise RuntimeError("CUDA error: an illegal memory access was encountered")

    monkeypatch.setattr(torch.cuda, "synchronize", fail)
    seen = told_of("cuda", RuntimeError("CUDA error: device-side assert triggered"))
    assert isinstance(seen, LostDeviceError)
    assert "The GPU failed, and this worker starts anew: CUDA error: device-side assert" in str(seen)


@pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a CUDA device")
def test_a_gpu_that_failed_is_known_for_lost() -> None:
    child = subprocess.run(
        [sys.executable, "-c", BREAK], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert "told: The GPU failed, and this worker starts anew" in child.stderr


@pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a CUDA device")
def test_a_gpu_is_not_lost_by_memory_or_numbers() -> None:
    def fill() -> None:
        with told("cuda", nothing):
            torch.empty(2**50, dtype=torch.uint8, device="cuda")

    with pytest.raises(RuntimeError, match="The memory of cuda is too small") as caught:
        fill()
    assert not isinstance(caught.value, LostDeviceError)
    assert not isinstance(told_of("cuda", ValueError("no numbers")), LostDeviceError)
