"""Decoding gives whole frames of both sounds, and says what is wrong with a file."""

import subprocess
from pathlib import Path

import numpy as np
import pytest

from settings import settings
from wire import uploads
from workers.sound import UnusableSoundError, decode, read


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
    with pytest.raises(UnusableSoundError, match="longer than the 2 s"):
        decode(tmp_path, "j", 2, 0.5, settings().ffmpeg)
    assert uploads.air(tmp_path, "j").stat().st_size <= 3.1 * 96_000  # decoding itself stopped
