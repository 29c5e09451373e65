import numpy as np
import pytest
import torch
from numpy.typing import NDArray

from latentsync.picture import cut, lay, put, to_rgb, to_yuv
from tests.latentsync.drawn import draw

# Y, U, V in BT.709's limited range, and R, G, B.
COLOURS = [
    ((235, 128, 128), (255, 255, 255)),
    ((16, 128, 128), (0, 0, 0)),
    ((63, 102, 240), (255, 0, 0)),
    ((173, 42, 26), (0, 255, 0)),
    ((32, 240, 118), (0, 0, 255)),
]


def noise(name: str, height: int, width: int) -> NDArray[np.uint8]:
    """A picture of noise, I420 of colours that RGB has."""
    return np.asarray((127 + 20 * draw(name, (height * 3 // 2, width))).clip(60, 190), np.uint8)


def plain(colour: tuple[int, ...], height: int = 4, width: int = 6) -> NDArray[np.uint8]:
    sizes = (height * width, height * width // 4, height * width // 4)
    planes = [np.full(size, value, np.uint8) for size, value in zip(sizes, colour, strict=True)]
    return np.concatenate(planes).reshape(height * 3 // 2, width)


def as_tensor(rgb: NDArray[np.uint8]) -> torch.Tensor:
    return torch.from_numpy(rgb).permute(2, 0, 1)[None].float()


@pytest.mark.parametrize(("yuv", "rgb"), COLOURS)
def test_colours_are_bt709s_both_ways(yuv: tuple[int, ...], rgb: tuple[int, ...]) -> None:
    assert np.abs(to_rgb(plain(yuv)).astype(int) - rgb).max() <= 2
    luma, chroma = to_yuv(as_tensor(np.full((4, 6, 3), rgb, np.uint8)))
    assert luma.shape == (1, 1, 4, 6)
    assert chroma.shape == (1, 2, 4, 6)
    ours = torch.cat([luma, chroma], dim=1)
    assert (ours - torch.tensor(yuv)[:, None, None]).abs().max() < 0.6


def test_what_is_cut_out_and_put_back_is_the_same_picture() -> None:
    picture, other = noise("one", 40, 60), noise("two", 40, 60)
    patch = cut(picture, 8, 10, 20, 12)
    assert patch.shape == (18, 20)
    assert np.array_equal(to_rgb(patch)[2:-2, 2:-2], to_rgb(picture)[12:20, 10:26])
    put(patch, other, 8, 10)
    assert np.array_equal(cut(other, 8, 10, 20, 12), patch)
    assert np.array_equal(other[:10], noise("two", 40, 60)[:10])
    put(patch, picture, 8, 10)
    assert np.array_equal(picture, noise("one", 40, 60))


def test_outside_the_share_every_byte_stays() -> None:
    picture = np.random.default_rng(1).integers(0, 256, (60, 40), np.uint8)  # colours that RGB has not, too
    pictures, shares = torch.from_numpy(picture)[None], torch.zeros(1, 40, 40)
    shares[:, 10:20, 10:20] = 1
    laid = lay(pictures, torch.full((1, 3, 40, 40), 200.0), shares).numpy()[0]
    assert np.array_equal(cut(laid, 0, 0, 40, 10), cut(picture, 0, 0, 40, 10))
    assert np.array_equal(cut(laid, 20, 0, 20, 40), cut(picture, 20, 0, 20, 40))
    assert np.abs(to_rgb(cut(laid, 12, 12, 6, 6)).astype(int) - 200).max() <= 1
    assert torch.equal(lay(pictures, torch.rand(1, 3, 40, 40) * 255, torch.zeros(1, 40, 40)), pictures)


def test_the_blend_is_the_one_in_rgb() -> None:
    picture = noise("old", 32, 48)
    flat = plain((120, 110, 150), 32, 48)
    flat[:32] = picture[:32]  # grey noise on one colour: then halving the chroma loses nothing
    face = np.full((32, 48, 3), (180, 90, 140), np.uint8)
    shares = torch.linspace(0, 1, 48).expand(1, 32, 48)
    laid = to_rgb(lay(torch.from_numpy(flat)[None], as_tensor(face), shares)[0].numpy())
    share = shares[0, ..., None].numpy()
    expected = share * face + (1 - share) * to_rgb(flat)
    assert np.abs(laid - expected).max() < 4  # a step of chroma is two of blue, and both were rounded
    assert np.abs((laid - expected).mean()) < 0.3
