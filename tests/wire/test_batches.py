"""A batch crosses the wire whole, or not at all."""

import dataclasses

import numpy as np
import pytest

from wire.batches import Batch, MisshapenBatchError, Patch, decode, encode
from wire.media import SAMPLES_PER_FRAME


def batch(*patches: Patch, **changes: object) -> Batch:
    rng = np.random.default_rng(1)
    patches = patches or (Patch(2, 4, rng.integers(0, 255, (9, 8), np.uint8)), Patch.empty())
    sound = rng.integers(-9999, 9999, len(patches) * SAMPLES_PER_FRAME).astype(np.int16)
    plain = Batch("j", 0, 1, 2, 1, True, "hash", 13, 40, patches, sound)
    return dataclasses.replace(plain, **changes)  # type: ignore[arg-type]


def as_bytes(fields: dict[str, bytes]) -> dict[bytes, bytes]:
    return {name.encode(): value for name, value in fields.items()}


def test_batch_comes_back_as_it_was_sent() -> None:
    sent = batch()
    got = decode(as_bytes(encode(sent)))
    for name in ("job", "epoch", "chunk", "batch", "attempt", "last", "avatar", "first_frame", "position"):
        assert getattr(got, name) == getattr(sent, name)
    assert np.array_equal(got.sound, sent.sound)
    for a, b in zip(got.patches, sent.patches, strict=True):
        assert (a.x, a.y) == (b.x, b.y)
        assert np.array_equal(a.picture, b.picture)


@pytest.mark.parametrize(
    "patch",
    [
        Patch(1, 0, np.zeros((3, 2), np.uint8)),
        Patch(0, 3, np.zeros((3, 2), np.uint8)),
        Patch(-2, 0, np.zeros((3, 2), np.uint8)),
        Patch(0, 0, np.zeros((4, 2), np.uint8)),
        Patch(0, 0, np.zeros((3, 3), np.uint8)),
        Patch(0, 0, np.zeros((3, 2), np.float32)),
    ],
    ids=["odd x", "odd y", "negative", "no I420 height", "odd width", "float"],
)
def test_misshapen_patch_is_refused(patch: Patch) -> None:
    with pytest.raises(MisshapenBatchError):
        batch(patch)


def test_sound_that_does_not_fit_the_frames_is_refused() -> None:
    with pytest.raises(MisshapenBatchError, match="1920 samples"):
        batch(Patch.empty(), sound=np.zeros(1919, np.int16))


def test_batch_without_frames_is_refused() -> None:
    with pytest.raises(MisshapenBatchError):
        batch(patches=(), sound=np.zeros(0, np.int16))


@pytest.mark.parametrize("damage", ["no head", "short patches", "long patches", "short sound", "no json"])
def test_damaged_entry_is_told_from_a_batch(damage: str) -> None:
    fields = as_bytes(encode(batch()))
    if damage == "no head":
        del fields[b"head"]
    elif damage == "no json":
        fields[b"head"] = b"{"
    elif damage == "short sound":
        fields[b"sound"] = fields[b"sound"][:-2]
    else:
        fields[b"patches"] = (
            fields[b"patches"][:-1] if damage == "short patches" else fields[b"patches"] + b"0"
        )
    with pytest.raises(MisshapenBatchError):
        decode(fields)
