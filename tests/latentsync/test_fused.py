"""What lies between the matrix products: torch's way is the plain one, and the kernels' way is torch's."""

from collections.abc import Callable

import pytest
import torch
from torch import Tensor, nn
from torch.nn import functional

from latentsync import fused, norm
from latentsync.fused import add, add_norm, convolve, enlarge, gate, mix, normed, with_bias
from latentsync.norm import frame_shares, group_norm
from tests.latentsync.drawn import draw_weights
from tests.latentsync.networks import drawn
from tests.latentsync.reference import error

ON_CUDA = pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a CUDA device")
HALF_ERROR = 2e-3

FRAMES, CHANNELS, HEIGHT, WIDTH = 6, 320, 9, 14  # of no multiple of a kernel's block
GROUPS = 32


def pictures(name: str = "fused.x", channels: int = CHANNELS) -> Tensor:
    """Return pictures whose channels and frames differ in their levels."""
    x = drawn(name, FRAMES, channels, HEIGHT, WIDTH) + 2 * drawn(f"{name}.levels", FRAMES, channels, 1, 1)
    return x.contiguous(memory_format=torch.channels_last)


def pixels(name: str = "fused.pixels") -> Tensor:
    return drawn(name, FRAMES, HEIGHT * WIDTH, CHANNELS) + drawn(f"{name}.levels", FRAMES, HEIGHT * WIDTH, 1)


def layer_norm() -> nn.LayerNorm:
    made = nn.LayerNorm(CHANNELS)
    draw_weights(made)
    return made


def convolution(kernel_px: int, stride: int = 1) -> nn.Conv2d:
    made = nn.Conv2d(CHANNELS, 8, kernel_px, stride, kernel_px // 2)
    draw_weights(made)
    return made.requires_grad_(False)


def test_bias_and_pictures_are_added() -> None:
    x, y, bias = pictures(), pictures("fused.y"), drawn("fused.bias", CHANNELS)
    assert torch.allclose(add(x, bias), x + bias.view(1, -1, 1, 1))
    assert torch.allclose(add(x, bias, y), x + y + bias.view(1, -1, 1, 1), atol=1e-6)


@torch.no_grad()
def test_norms_are_torchs() -> None:
    x, y, layer = pixels(), pixels("fused.more"), layer_norm()
    right = functional.layer_norm(x + y, (CHANNELS,), layer.weight, layer.bias, layer.eps)
    total, seen = add_norm(x, y, layer)
    assert torch.equal(total, x + y)
    assert torch.allclose(seen, right)
    assert torch.allclose(normed(total, layer), right)


def test_the_second_half_gates_the_first() -> None:
    x = pixels()
    first, second = x[..., : CHANNELS // 2], x[..., CHANNELS // 2 :]
    smooth = second * 0.5 * (1 + torch.erf(second / 2**0.5))
    assert torch.allclose(gate(x), first * smooth, atol=1e-5)


def test_each_pixel_becomes_four() -> None:
    x = pictures()
    assert torch.equal(enlarge(x), x.repeat_interleave(2, dim=2).repeat_interleave(2, dim=3))


@pytest.mark.parametrize("stride", [1, 2])
def test_a_convolution_is_itself_and_its_bias(stride: int) -> None:
    x, conv = pictures(), convolution(3, stride)
    right = conv(x)
    assert torch.allclose(with_bias(x, conv), right, atol=1e-4)
    assert conv.bias is not None
    assert torch.allclose(convolve(x, conv), right - conv.bias.view(1, -1, 1, 1), atol=1e-4)


def test_a_mix_is_a_convolution_of_single_pixels() -> None:
    x, conv = pictures(), convolution(1)
    assert torch.allclose(mix(x, conv), conv(x), atol=1e-4)
    assert mix(x, conv).is_contiguous(memory_format=torch.channels_last)


def test_a_cpu_has_no_kernels() -> None:
    assert not fused.fast(torch.ones(1))
    assert not fused.fast(torch.ones(1, dtype=torch.float16))


def shares(real: int) -> Tensor:
    return frame_shares(FRAMES // 2, real, torch.device("cuda" if torch.cuda.is_available() else "cpu"))


def fitted(layer: nn.LayerNorm, x: Tensor) -> nn.LayerNorm:
    return layer.to(x.device, x.dtype).requires_grad_(False)


def grouped(x: Tensor, shares: Tensor | None = None, silu: bool = False, shifted: bool = False) -> Tensor:
    weight, bias, shift = (drawn(name, x.shape[1]).to(x) for name in ("weight", "bias", "shift"))
    return group_norm(x, weight, bias, GROUPS, 1e-5, shares, silu, 3 * shift if shifted else None)


Pass = Callable[..., Tensor | tuple[Tensor, Tensor]]

PASSES: dict[str, tuple[Pass, tuple[Callable[[], Tensor], ...]]] = {
    "add a bias": (add, (pictures, lambda: drawn("bias", CHANNELS))),
    "add both": (add, (pictures, lambda: drawn("bias", CHANNELS), lambda: pictures("fused.y"))),
    "gate": (gate, (pixels,)),
    "enlarge": (enlarge, (pictures,)),
    "add and norm": (lambda x, y: add_norm(x, y, fitted(layer_norm(), x)), (pixels, lambda: pixels("more"))),
    "norm": (lambda x: normed(x, fitted(layer_norm(), x)), (pixels,)),
    "norm each frame": (grouped, (pictures,)),
    "norm frames together": (lambda x: grouped(x, shares(3)), (pictures,)),
    "norm without padding": (lambda x: grouped(x, shares(2)), (pictures,)),
    "norm and SiLU": (lambda x: grouped(x, shares(3), silu=True), (pictures,)),
    "norm after a shift": (lambda x: grouped(x, shares(3), shifted=True), (pictures,)),
}
"""Every way through the kernels, as a pass over tensors of any device and precision."""


@ON_CUDA
@pytest.mark.parametrize("name", PASSES)
def test_a_kernel_gives_what_torch_gives(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    work, given = PASSES[name]
    halves = [make().cuda().half() for make in given]
    assert all(fused.fast(half) for half in halves)
    ours = work(*halves)
    for module in (fused, norm):
        monkeypatch.setattr(module, "fast", lambda _: False)
    theirs = work(*(half.float() for half in halves))
    for our, their in zip(parts(ours), parts(theirs), strict=True):
        assert our.dtype == torch.float16
        assert our.stride() == their.stride()
        assert error(our.float().cpu().numpy(), their.cpu().numpy()) < HALF_ERROR


def parts(given: Tensor | tuple[Tensor, ...]) -> tuple[Tensor, ...]:
    return (given,) if isinstance(given, Tensor) else given
