"""Decoding gives whole frames of both sounds, and says what is wrong with a file."""

import shlex
import shutil
import subprocess
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest

from settings import settings
from tests.app.waiting import wait_for
from wire import uploads
from workers.sound import BYTES_PER_S, UnusableSoundError, decode, read


def post(folder: Path, *arguments: str, suffix: str = "wav") -> Path:
    """Make a file with ffmpeg as a user would post it."""
    path = uploads.posted(folder, "j")
    path.parent.mkdir(parents=True, exist_ok=True)
    made = path.with_suffix(f".{suffix}")
    subprocess.run(
        [settings().ffmpeg, "-v", "error", "-y", *arguments, str(made)], check=True, capture_output=True
    )
    made.rename(path)
    return path


def tone(seconds: float) -> tuple[str, ...]:
    return ("-f", "lavfi", "-i", f"sine=440:r=44100:d={seconds}")


@pytest.mark.parametrize("suffix", ["wav", "mp3", "m4a", "ogg", "opus", "flac"])
def test_every_served_format_becomes_whole_frames_of_both_sounds(tmp_path: Path, suffix: str) -> None:
    post(tmp_path, *tone(1.01), suffix=suffix)
    made = decode(tmp_path, "j", 60, 1.01, settings().ffmpeg)
    assert 26 <= made.frames <= 28  # 1.01 s, and what a codec pads
    assert len(read(uploads.air(tmp_path, "j"))) == made.frames * 1920
    assert len(read(uploads.heard(tmp_path, "j"))) == made.frames * 640
    assert made.warning == ""
    assert made.loudest > -1


def test_a_hundredth_of_a_second_is_one_frame(tmp_path: Path) -> None:
    post(tmp_path, *tone(0.01))
    assert decode(tmp_path, "j", 60, 0.01, settings().ffmpeg).frames == 1


def test_silence_is_sound(tmp_path: Path) -> None:
    post(tmp_path, "-f", "lavfi", "-i", "anullsrc=r=16000", "-t", "1")
    made = decode(tmp_path, "j", 60, 1, settings().ffmpeg)
    assert made.frames == 25
    assert not np.any(read(uploads.air(tmp_path, "j")))


def test_truncated_file_is_used_to_the_break_and_says_so(tmp_path: Path) -> None:
    path = post(tmp_path, *tone(4), suffix="flac")
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])
    made = decode(tmp_path, "j", 60, 4.0, settings().ffmpeg)
    assert 25 < made.frames < 75
    assert "breaks off" in made.warning


def test_file_broken_in_the_middle_airs_what_can_be_decoded(tmp_path: Path) -> None:
    path = post(tmp_path, *tone(4), suffix="flac")
    content = bytearray(path.read_bytes())
    middle = len(content) // 2
    content[middle : middle + 4000] = bytes(4000)
    path.write_bytes(content)
    made = decode(tmp_path, "j", 60, 4.0, settings().ffmpeg)
    assert made.frames > 50
    assert made.warning


def test_no_sound_at_all_is_refused_with_a_reason(tmp_path: Path) -> None:
    path = uploads.posted(tmp_path, "j")
    path.parent.mkdir(parents=True)
    path.write_bytes(b"no sound at all" * 100)
    with pytest.raises(UnusableSoundError, match="no sound could be decoded"):
        decode(tmp_path, "j", 60, 0, settings().ffmpeg)


def test_sound_over_the_limit_is_refused_whatever_its_header_says(tmp_path: Path) -> None:
    post(tmp_path, *tone(3), suffix="flac")
    ffmpeg = ffmpeg_and(tmp_path, "cat j/air.s16.*.part | wc -c > size")
    with pytest.raises(UnusableSoundError, match="longer than the 1 s"):
        decode(tmp_path, "j", 1, 0.5, ffmpeg)
    assert int((tmp_path / "size").read_text()) <= 2.1 * 96_000  # decoding itself stopped


def ffmpeg_and(folder: Path, more: str) -> str:
    """Return an ffmpeg that does `more` in `folder` before it ends."""
    program = folder / "ffmpeg"
    program.write_text(f'#!/bin/sh\n{shlex.quote(settings().ffmpeg)} "$@"\ncd {folder}\n{more}\n')
    program.chmod(0o755)
    return str(program)


def files(folder: Path) -> set[str]:
    return {path.name for path in (folder / "j").iterdir()}


def test_try_that_fails_harms_nothing_of_one_that_did_not(tmp_path: Path) -> None:
    post(tmp_path, *tone(3))
    made = decode(tmp_path, "j", 60, 3.0, settings().ffmpeg)
    with pytest.raises(UnusableSoundError):
        decode(tmp_path, "j", 1, 3.0, settings().ffmpeg)
    assert len(read(uploads.air(tmp_path, "j"))) == made.frames * 1920
    assert len(read(uploads.heard(tmp_path, "j"))) == made.frames * 640
    assert files(tmp_path) == {"posted", "air.s16", "heard.s16"}


def test_two_tries_at_once_make_the_same(tmp_path: Path) -> None:
    post(tmp_path, *tone(1))
    held = ffmpeg_and(tmp_path, "touch held; while [ ! -e go ]; do sleep 0.02; done")
    with ThreadPoolExecutor(1) as aside:
        first = aside.submit(decode, tmp_path, "j", 60, 1.0, held)
        try:
            wait_for((tmp_path / "held").exists, "the first try to hold its files open")
            assert files(tmp_path) > {"posted"}
            assert not {"air.s16", "heard.s16"} & files(tmp_path), "half a sound is in place"
            second = decode(tmp_path, "j", 60, 1.0, settings().ffmpeg)
        finally:
            (tmp_path / "go").touch()
        assert first.result(60) == second
    assert files(tmp_path) == {"posted", "air.s16", "heard.s16"}
    assert len(read(uploads.air(tmp_path, "j"))) == second.frames * 1920


def test_sound_that_the_disk_has_no_room_for_is_refused_before_it_is_decoded(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    post(tmp_path, *tone(3))
    monkeypatch.setattr(uploads, "room", lambda _: 3 * BYTES_PER_S - 1)
    with pytest.raises(UnusableSoundError, match="no room on the disk"):
        decode(tmp_path, "j", 60, 3.0, ffmpeg_and(tmp_path, "touch decoded"))
    assert not (tmp_path / "decoded").exists()
    monkeypatch.setattr(uploads, "room", lambda _: 3 * BYTES_PER_S)
    assert decode(tmp_path, "j", 60, 3.0, settings().ffmpeg).frames == 75


def test_sound_whose_header_tells_no_length_is_decoded_into_the_room_there_is(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    post(tmp_path, *tone(9))
    monkeypatch.setattr(uploads, "room", lambda _: BYTES_PER_S)
    with pytest.raises(UnusableSoundError, match="no room on the disk"):
        decode(tmp_path, "j", 60, 0.0, ffmpeg_and(tmp_path, "cat j/air.s16.*.part | wc -c > size"))
    assert int((tmp_path / "size").read_text()) <= 2.1 * 96_000
    assert files(tmp_path) == {"posted"}


def test_room_on_the_disk_leaves_the_reserve(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    usage = shutil.disk_usage(tmp_path)  # others write to it meanwhile
    monkeypatch.setattr(shutil, "disk_usage", {tmp_path: usage}.__getitem__)
    assert uploads.room(tmp_path) == usage.free - uploads.RESERVE_BYTES
