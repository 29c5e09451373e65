import pytest
import torch
from torch import Tensor
from torch.nn import functional

from latentsync.norm import frame_shares, group_norm
from tests.latentsync.networks import drawn

WEIGHT, BIAS = 1 + 0.1 * drawn("weight", 12), 0.1 * drawn("bias", 12)
CPU = torch.device("cpu")


def pictures(count: int) -> Tensor:
    """Return pictures whose brightness differs from frame to frame, so that a wrong mean shows."""
    shades = 3 * drawn("shades", count, 12, 1, 1)
    return (drawn("pictures", count, 12, 4, 6) + shades).contiguous(memory_format=torch.channels_last)


def joined_norm(x: Tensor, frames: int) -> Tensor:
    """Return torch's own norm over the frames of each batch element together."""
    together = x.unflatten(0, (-1, frames)).transpose(1, 2)  # type: ignore[no-untyped-call]
    whole = functional.group_norm(together, 3, WEIGHT, BIAS, 1e-5)
    return whole.transpose(1, 2).flatten(0, 1)


def test_without_shares_each_frame_is_normalised_alone() -> None:
    x = pictures(4)
    assert torch.allclose(
        group_norm(x, WEIGHT, BIAS, 3, 1e-5), functional.group_norm(x, 3, WEIGHT, BIAS, 1e-5), atol=1e-5
    )


def test_with_shares_the_frames_of_a_batch_element_are_normalised_together() -> None:
    x, shares = pictures(6), frame_shares(3, None, CPU)
    assert torch.allclose(group_norm(x, WEIGHT, BIAS, 3, 1e-5, shares), joined_norm(x, 3), atol=1e-5)


@pytest.mark.parametrize("real", [1, 2, torch.tensor(2)])
def test_padding_has_no_share_in_the_statistics(real: int | Tensor) -> None:
    x, count = pictures(3), int(real)
    ours = group_norm(x, WEIGHT, BIAS, 3, 1e-5, frame_shares(3, real, CPU))
    assert torch.allclose(ours[:count], joined_norm(x[:count], count), atol=1e-5)


def test_shares_are_even_and_make_a_whole() -> None:
    assert frame_shares(4, None, CPU).tolist() == [0.25] * 4
    assert frame_shares(4, 2, CPU).tolist() == [0.5, 0.5, 0, 0]


def test_silu_follows_where_asked() -> None:
    x = pictures(2)
    plain = group_norm(x, WEIGHT, BIAS, 3, 1e-5)
    assert torch.allclose(group_norm(x, WEIGHT, BIAS, 3, 1e-5, silu=True), functional.silu(plain))


def test_memory_format_and_dtype_are_kept() -> None:
    for dtype in (torch.float32, torch.float16):
        y = group_norm(pictures(2).to(dtype), WEIGHT.to(dtype), BIAS.to(dtype), 3, 1e-5)
        assert y.dtype == dtype
        assert y.is_contiguous(memory_format=torch.channels_last)


def test_half_precision_is_computed_in_float32() -> None:
    x = (pictures(2) + 300).half()  # its squares overflow in float16, and its spread drowns
    right = functional.group_norm(x.double(), 3, WEIGHT.double(), BIAS.double(), 1e-5)
    ours = group_norm(x, WEIGHT, BIAS, 3, 1e-5)
    assert torch.allclose(ours.double(), right, atol=5e-3)
