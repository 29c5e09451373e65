import json
import shutil
from pathlib import Path

import numpy as np
import pytest

from avatars.errors import DamagedAvatarError, UnpreparedAvatarError
from avatars.store import MANIFEST, MASKS, PICTURES, Avatar, avatar_hash, is_prepared, open_avatar


def test_a_prepared_avatar_is_whole(avatar: Avatar) -> None:
    frames, (width, height) = avatar.frames, (avatar.width, avatar.height)
    assert (frames, width, height) == (25, 600, 360)
    assert avatar.pictures.shape == (frames, height * 3 // 2, width)
    assert avatar.landmarks.shape == (frames, 478, 2)
    assert avatar.matrices.shape == (frames, 2, 3)
    assert avatar.boxes.shape == (frames, 4)
    assert avatar.masks.shape == (frames, *avatar.boxes[0, [3, 2]])
    kinds = [
        a.dtype for a in (avatar.pictures, avatar.landmarks, avatar.matrices, avatar.boxes, avatar.masks)
    ]
    assert kinds == [np.uint8, np.float32, np.float32, np.int32, np.uint8]


def test_nothing_of_an_avatar_can_be_written(avatar: Avatar) -> None:
    for array in (avatar.pictures, avatar.landmarks, avatar.matrices, avatar.boxes, avatar.masks):
        assert isinstance(array, np.memmap)
        with pytest.raises(ValueError, match="read-only"):
            array[...] = 0


def test_an_unprepared_avatar_names_the_command(tmp_path: Path) -> None:
    with pytest.raises(UnpreparedAvatarError, match=r"0123456789abcdef .*`python -m avatars prepare`"):
        open_avatar(tmp_path, "0123456789abcdef")


def test_a_folder_without_a_manifest_is_not_prepared(tmp_path: Path, folder: Path, avatar: Avatar) -> None:
    home = shutil.copytree(folder / avatar.hash, tmp_path / avatar.hash)
    assert is_prepared(tmp_path, avatar.hash)
    (home / MANIFEST).unlink()
    assert not is_prepared(tmp_path, avatar.hash)


@pytest.mark.parametrize(
    "damage", ["short pictures", "long pictures", "no masks", "other masks", "no JSON", "another manifest"]
)
def test_damage_is_named(tmp_path: Path, folder: Path, avatar: Avatar, damage: str) -> None:
    home = shutil.copytree(folder / avatar.hash, tmp_path / avatar.hash)
    if damage.endswith("pictures"):
        with (home / PICTURES).open("r+b") as file:
            file.truncate(1000 if damage == "short pictures" else 10**8)
    elif damage == "no masks":
        (home / MASKS).unlink()
    elif damage == "other masks":
        np.save(home / MASKS, np.zeros((1, 2, 3), np.uint8))
    else:
        (home / MANIFEST).write_text("{" if damage == "no JSON" else json.dumps({"width": 3}))
    with pytest.raises(DamagedAvatarError, match=r"is damaged \(.+\): delete it"):
        open_avatar(tmp_path, avatar.hash)


def test_the_hash_is_of_the_content_and_of_what_preparing_depends_on(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    one, same, other = (tmp_path / name for name in ("one", "same", "other"))
    one.write_bytes(b"clip" * 10**6)
    same.write_bytes(b"clip" * 10**6)
    other.write_bytes(b"clip" * 10**6 + b"!")
    hash = avatar_hash(one, 1280)
    assert len(hash) == 16
    assert avatar_hash(same, 1280) == hash
    assert avatar_hash(other, 1280) != hash
    assert avatar_hash(one, 1920) != hash
    monkeypatch.setattr("avatars.store.PREPARATION", 10**6)
    assert avatar_hash(one, 1280) != hash
