import os
import time
from contextlib import suppress
from pathlib import Path

import pytest

from avatars.draft import Draft, check_space
from avatars.errors import PreparationError
from avatars.store import MANIFEST, Manifest

MANIFEST_OF_ANY = Manifest("clip.mp4", 1, 2, 2, 1, 2, 2)


def test_an_avatar_appears_when_it_is_published(tmp_path: Path) -> None:
    with Draft(tmp_path / "new" / "folder", "abc") as draft:
        (draft.path / "file").write_text("all")
        assert not (tmp_path / "new" / "folder" / "abc").exists()
        draft.publish(MANIFEST_OF_ANY)
    (home,) = (tmp_path / "new" / "folder").iterdir()
    assert home.name == "abc"
    assert Manifest.from_json((home / MANIFEST).read_text()) == MANIFEST_OF_ANY


def test_a_failed_draft_leaves_nothing(tmp_path: Path) -> None:
    with suppress(RuntimeError), Draft(tmp_path, "abc") as draft:
        (draft.path / "file").write_text("half")
        raise RuntimeError
    assert list(tmp_path.iterdir()) == []


def test_of_two_drafts_the_first_published_stays(tmp_path: Path) -> None:
    with Draft(tmp_path, "abc") as first, Draft(tmp_path, "abc") as second:
        (first.path / "file").write_text("first")
        (second.path / "file").write_text("second")
        first.publish(MANIFEST_OF_ANY)
        second.publish(MANIFEST_OF_ANY)
    assert [path.name for path in tmp_path.iterdir()] == ["abc"]
    assert (tmp_path / "abc" / "file").read_text() == "first"


def test_what_a_killed_process_left_is_removed_after_an_hour_and_what_is_being_made_is_not(
    tmp_path: Path,
) -> None:
    with Draft(tmp_path, "abc") as alive:
        dead = tmp_path / ".abc.dead.draft"
        dead.mkdir()
        (dead / "file").touch()
        for path in (dead / "file", dead, alive.path):
            os.utime(path, (time.time() - 4000,) * 2)
        (alive.path / "file").write_text("just written")
        os.utime(alive.path, (time.time() - 4000,) * 2)
        with Draft(tmp_path, "other"):
            assert alive.path.exists()
            assert not dead.exists()


def test_a_folder_that_cannot_be_written_is_one_sentence(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with (
        pytest.raises(PreparationError, match=r"file/avatars cannot be written .*set LIVE_AVATARS_FOLDER"),
        Draft(tmp_path / "file" / "avatars", "abc"),
    ):
        pass


def test_too_little_disk_is_one_sentence(tmp_path: Path) -> None:
    check_space(tmp_path, 1000, "clip.mp4")
    with pytest.raises(PreparationError, match=r"Preparing clip.mp4 takes 1000000000000 MB, and .* MB free"):
        check_space(tmp_path, 10**18, "clip.mp4")
