import os
import signal
from pathlib import Path

import numpy as np
import pytest

from avatars import clip as clip_module
from avatars.clip import Decoder
from avatars.errors import PreparationError, RefusedClipError
from avatars.probe import FPS, Limits, Probe, probe
from tests.avatars.clips import FFMPEG, LIMITS, QUICK, decode, drawn, make, middle_rgb, size
from wire import media

ORANGE = (200, 120, 40)
ANY = Probe(frames=None, has_alpha=False, is_hdr=False, matrix="auto")


def orange(file: Path, picture: str, *arguments: str) -> Path:
    return drawn(file, f"color=0x{bytes(ORANGE).hex()}:size={picture}:rate=25:duration=0.2", *arguments)


def test_avatars_run_at_the_streams_rate() -> None:
    assert FPS == media.FPS


@pytest.mark.parametrize(
    ("rate", "frames"), [("25", 25), ("30", 25), ("60000/1001", 25), ("10", 25), ("50", 25)]
)
def test_any_frame_rate_becomes_25(tmp_path: Path, rate: str, frames: int) -> None:
    pictures = decode(drawn(tmp_path / "clip.mp4", f"testsrc2=size=320x180:rate={rate}:duration=1"))
    assert len(pictures) == frames
    assert all(size(picture) == (320, 180) for picture in pictures)


@pytest.mark.parametrize(
    ("given", "made"),
    [
        ("641x361", (640, 360)),
        ("1280x720", (640, 360)),
        ("720x1280", (360, 640)),
        ("1079x1919", (358, 640)),
        ("99x33", (98, 32)),
    ],
)
def test_any_size_becomes_even_and_fits(tmp_path: Path, given: str, made: tuple[int, int]) -> None:
    clip = drawn(tmp_path / "clip.mkv", f"testsrc2=size={given}:rate=25:duration=0.08", "-c:v", "ffv1")
    assert size(decode(clip)[0]) == made


@pytest.mark.parametrize("side", [32, 64, 100, 360, 641])
def test_no_side_is_longer_than_allowed(tmp_path: Path, side: int) -> None:
    clip = drawn(tmp_path / "clip.mkv", "testsrc2=size=1079x1919:rate=25:duration=0.04", "-c:v", "ffv1")
    width, height = size(decode(clip, Limits(1, side))[0])
    assert side - 2 < height <= side
    assert abs(width - height * 1079 / 1919) <= 2


def test_a_clip_marked_as_turned_comes_out_upright(tmp_path: Path) -> None:
    plain = drawn(tmp_path / "plain.mp4", "testsrc2=size=320x180:rate=25:duration=0.2")
    turned = make(tmp_path / "turned.mp4", "-display_rotation", "90", "-i", str(plain), "-c", "copy")
    upright, picture = decode(plain)[0], decode(turned)[0]
    assert size(picture) == (180, 320)
    assert np.abs(np.rot90(picture[:320]).astype(int) - upright[:180]).mean() > 30
    assert np.array_equal(np.rot90(picture[:320], -1), upright[:180])


def test_pixels_that_are_not_square_are_made_so(tmp_path: Path) -> None:
    clip = drawn(tmp_path / "clip.mp4", "testsrc2=size=180x144:rate=25:duration=0.2,setsar=16/11", *QUICK)
    assert size(decode(clip)[0]) == (260, 144)


def test_colours_are_kept_whatever_they_are_coded_in(tmp_path: Path) -> None:
    clips = [
        orange(tmp_path / "untagged.mp4", "320x180"),
        orange(tmp_path / "full.mp4", "320x180", "-vf", "scale=out_range=pc", *QUICK, "-color_range", "pc"),
        orange(tmp_path / "rgb.mkv", "320x180", "-c:v", "ffv1", "-pix_fmt", "gbrp"),
        orange(
            tmp_path / "hd.mp4",
            "1280x720",
            "-vf",
            "scale=out_color_matrix=bt709,setparams=colorspace=unknown",
            *QUICK,
        ),
        orange(tmp_path / "still.png", "320x180", "-frames:v", "1"),
    ]
    for clip in clips:
        assert np.abs(np.subtract(middle_rgb(decode(clip)[0]), ORANGE)).max() <= 4, clip.name


def test_ten_bit_hdr_looks_as_it_did(tmp_path: Path) -> None:
    to_hlg = "zscale=tin=bt709:min=bt709:pin=bt709:rin=tv:t=arib-std-b67:p=bt2020:m=bt2020nc:r=tv:npl=203"
    tags = ("-colorspace", "bt2020nc", "-color_trc", "arib-std-b67", "-color_primaries", "bt2020")
    codec = ("-c:v", "libx265", "-preset", "ultrafast", "-x265-params", "log-level=error")
    filters = f"scale=out_color_matrix=bt709,{to_hlg},format=yuv420p10le"
    clip = orange(tmp_path / "hdr.mp4", "320x180", "-vf", filters, *codec, *tags)
    assert probe(clip, LIMITS).is_hdr
    assert np.abs(np.subtract(middle_rgb(decode(clip)[0]), ORANGE)).max() <= 12


def test_what_is_transparent_becomes_black(tmp_path: Path) -> None:
    faded = orange(
        tmp_path / "half.mov", "320x180", "-vf", "format=argb,colorchannelmixer=aa=0.5", "-c:v", "qtrle"
    )
    assert np.abs(np.subtract(middle_rgb(decode(faded)[0]), np.array(ORANGE) / 2)).max() <= 4


def test_a_picture_is_a_clip_of_one_frame(tmp_path: Path) -> None:
    for name in ("still.png", "still.jpg", "still.webp", "still.bmp"):
        assert len(decode(orange(tmp_path / name, "320x180", "-frames:v", "1"))) == 1, name


def test_what_is_no_video_is_refused(tmp_path: Path) -> None:
    text = tmp_path / "text.mp4"
    text.write_text("no video at all\n" * 100)
    (tmp_path / "empty.mp4").touch()
    sound = make(tmp_path / "sound.mp4", "-f", "lavfi", "-i", "sine=duration=0.2")
    for name, reason in (
        ("text.mp4", "is not a video or picture that can be read"),
        ("empty.mp4", "is not a video or picture that can be read"),
        (sound.name, "has no picture"),
        ("missing.mp4", "is not a file"),
        (".", "is not a file"),
    ):
        with pytest.raises(RefusedClipError, match=reason):
            probe(tmp_path / name, LIMITS)


def test_a_list_of_other_files_is_refused_unread(tmp_path: Path) -> None:
    drawn(tmp_path / "clip.mp4", "testsrc2=size=320x180:rate=25:duration=0.2")
    lists = {
        "concat.mp4": "ffconcat version 1.0\nfile clip.mp4\n",
        "list.mp4": "#EXTM3U\n#EXT-X-TARGETDURATION:1\n#EXTINF:1,\nclip.mp4\n#EXT-X-ENDLIST\n",
    }
    for name, text in lists.items():
        (tmp_path / name).write_text(text)
        with pytest.raises(RefusedClipError, match=r"is not a video|has no picture"):
            probe(tmp_path / name, LIMITS)
        with pytest.raises(RefusedClipError, match="no picture that can be decoded"):
            _open(tmp_path / name)


def test_a_clip_that_is_too_long_is_refused_before_it_is_decoded(tmp_path: Path) -> None:
    clip = drawn(tmp_path / "clip.mp4", "testsrc2=size=64x64:rate=25:duration=11")
    with pytest.raises(RefusedClipError, match=r"clip.mp4 is 11.0 s long; a clip may have 10 s"):
        probe(clip, LIMITS)


def test_a_clip_that_hides_its_length_is_stopped_at_the_limit(tmp_path: Path) -> None:
    source = "testsrc2=size=64x64:rate=25:duration=11"
    clip = drawn(tmp_path / "clip.mkv", source, *QUICK, "-f", "matroska", "-live", "1")
    assert probe(clip, LIMITS).frames is None
    with pytest.raises(RefusedClipError, match=r"clip.mkv is over 10 s long"):
        decode(clip)


def test_a_clip_that_just_fits_is_taken_whole(tmp_path: Path) -> None:
    clip = drawn(tmp_path / "clip.mp4", "testsrc2=size=64x64:rate=25:duration=2")
    assert len(decode(clip, Limits(2, 640))) == 50


def test_a_truncated_clip_is_refused_with_the_place(tmp_path: Path) -> None:
    source = "testsrc2=size=320x180:rate=25:duration=2"
    whole = drawn(tmp_path / "whole.mp4", source, *QUICK, "-movflags", "+faststart").read_bytes()
    (tmp_path / "half.mp4").write_bytes(whole[: len(whole) // 2])
    with pytest.raises(RefusedClipError, match=r"half.mp4 breaks off: \d\.\d of its 2\.0 s can be decoded"):
        decode(tmp_path / "half.mp4")


def test_a_clip_that_changes_its_size_keeps_the_first(tmp_path: Path) -> None:
    parts = [
        drawn(tmp_path / f"{side}.ts", f"testsrc2=size={side}x{side}:rate=25:duration=0.4").read_bytes()
        for side in (64, 128)
    ]
    (tmp_path / "clip.ts").write_bytes(b"".join(parts))
    pictures = decode(tmp_path / "clip.ts")
    assert len(pictures) > 15
    assert {size(picture) for picture in pictures} == {(64, 64)}


def test_a_decoder_that_stalls_is_given_up(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(clip_module, "STALL_S", 0.2)
    with pytest.raises(PreparationError, match=r"gave nothing for 0.2 s"):
        _open(tmp_path / "clip.mp4", _script(tmp_path, "exec sleep 60"))


def test_a_decoder_that_is_killed_is_not_the_clips_fault(tmp_path: Path) -> None:
    clip = drawn(tmp_path / "clip.mp4", "testsrc2=size=640x640:rate=25:duration=4")
    with Decoder(FFMPEG, clip, probe(clip, LIMITS), LIMITS) as decoder:
        pictures = iter(decoder)
        next(pictures)
        os.kill(decoder._process.pid, signal.SIGKILL)
        with pytest.raises(PreparationError, match="ended by signal 9"):
            list(pictures)


def test_a_missing_ffmpeg_is_one_sentence(tmp_path: Path) -> None:
    with pytest.raises(PreparationError, match="/no/ffmpeg does not start"):
        _open(tmp_path / "clip.mp4", "/no/ffmpeg")


@pytest.mark.parametrize("said", ["hello", "YUV4MPEG2 W2 H2 F25:1\nNOISE"])
def test_another_program_in_ffmpegs_place_is_one_sentence(tmp_path: Path, said: str) -> None:
    with (
        pytest.raises(PreparationError, match=r"LIVE_FFMPEG is no ffmpeg: it answers '(hello|NOISE)'"),
        Decoder(_script(tmp_path, f"echo '{said}'"), tmp_path, ANY, LIMITS) as decoder,
    ):
        list(decoder)


def test_nothing_is_left_running_when_the_pictures_are_not_wanted(tmp_path: Path) -> None:
    clip = drawn(tmp_path / "clip.mp4", "testsrc2=size=640x640:rate=25:duration=4")
    with Decoder(FFMPEG, clip, probe(clip, LIMITS), LIMITS) as decoder:
        next(iter(decoder))
    assert decoder._process.returncode is not None
    assert not decoder._drain.is_alive()


def _open(clip: Path, ffmpeg: str = FFMPEG) -> None:
    with Decoder(ffmpeg, clip, ANY, LIMITS):
        pass


def _script(folder: Path, line: str) -> str:
    file = folder / "ffmpeg"
    file.write_text(f"#!/bin/sh\n{line}\n")
    file.chmod(0o755)
    return str(file)
