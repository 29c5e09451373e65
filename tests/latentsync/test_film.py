from pathlib import Path

import av
import numpy as np
import pytest
from numpy.typing import NDArray

from latentsync.errors import UnwritableFilmError
from latentsync.film import Film
from tests.avatars.clips import make, middle_rgb
from tests.latentsync.sounds import write_tone

SIZE = (64, 48)


def picture(luma: int) -> NDArray[np.uint8]:
    planes = np.full((72, 64), 128, np.uint8)
    planes[:48] = luma
    return planes


def _break_off(film: Film) -> None:
    with film:
        for i in range(30):
            film.write(picture(100 + i))
        raise ValueError("half way")


def pictures_of(file: Path) -> list[NDArray[np.uint8]]:
    with av.open(str(file)) as film:
        return [np.asarray(frame.to_ndarray(format="yuv420p"), np.uint8) for frame in film.decode(video=0)]


def sound_of(file: Path) -> tuple[int, int, NDArray[np.float32]]:
    """Return rate, channels and the first channel's samples."""
    with av.open(str(file)) as film:
        stream = film.streams.audio[0]
        parts = [frame.to_ndarray()[0] for frame in film.decode(stream)]
        return stream.rate, stream.channels, np.concatenate(parts)


def test_every_picture_and_all_of_the_sound_are_in_it(tmp_path: Path) -> None:
    tone = write_tone(tmp_path / "tone.wav", 1.21)
    with Film(tmp_path / "film.mp4", *SIZE, tone) as film:
        for i in range(31):
            film.write(picture(40 + 5 * i))
    seen = [int(np.median(shown[:48])) for shown in pictures_of(tmp_path / "film.mp4")]
    assert np.abs(np.array(seen) - [40 + 5 * i for i in range(31)]).max() <= 2
    rate_hz, channels, samples = sound_of(tmp_path / "film.mp4")
    assert (rate_hz, channels) == (44_100, 2)
    assert (
        1.21 <= len(samples) / rate_hz < 1.27
    )  # AAC comes in frames of 1024, and begins with one of silence
    assert np.abs(samples[-3000:-2000]).max() > 0.4
    assert sorted(path.name for path in tmp_path.iterdir()) == ["film.mp4", "tone.wav"]


@pytest.mark.parametrize(("given", "made"), [(8_000, 8_000), (48_000, 48_000), (192_000, 96_000)])
def test_the_sound_keeps_its_rate_where_aac_has_it(tmp_path: Path, given: int, made: int) -> None:
    with Film(tmp_path / "film.mp4", *SIZE, write_tone(tmp_path / "tone.wav", 0.5, given, 1)) as film:
        film.write(picture(100))
    rate_hz, channels, samples = sound_of(tmp_path / "film.mp4")
    assert (rate_hz, channels) == (made, 1)
    assert len(samples) / rate_hz > 0.49


def test_sound_and_picture_lie_side_by_side_in_the_file(tmp_path: Path) -> None:
    with Film(tmp_path / "film.mp4", *SIZE, write_tone(tmp_path / "tone.wav", 24.0)) as film:
        for i in range(600):
            film.write(picture(i % 200))
    with av.open(str(tmp_path / "film.mp4")) as container:
        packets = [packet for packet in container.demux() if packet.size]
    ahead = 0.0
    for packet in sorted(packets, key=lambda packet: packet.pos or 0):
        assert packet.dts is not None
        at = float(packet.dts * packet.time_base)
        assert at > ahead - 2
        ahead = max(ahead, at)


def test_the_sound_begins_with_the_pictures_whatever_its_file_says(tmp_path: Path) -> None:
    tone = write_tone(tmp_path / "tone.wav", 0.5)
    late = make(tmp_path / "late.mka", "-itsoffset", "3", "-i", str(tone), "-c", "copy")
    with Film(tmp_path / "film.mp4", *SIZE, late) as film:
        film.write(picture(100))
    with av.open(str(tmp_path / "film.mp4")) as container:
        assert container.streams.audio[0].start_time == 0
        assert container.duration is not None
        assert container.duration / av.time_base < 0.6


def test_colours_are_told_as_bt709(tmp_path: Path) -> None:
    orange = picture(131)
    orange[48:60], orange[60:] = 78, 172
    with Film(tmp_path / "film.mp4", *SIZE, write_tone(tmp_path / "tone.wav", 0.1)) as film:
        film.write(orange)
    (shown,) = pictures_of(tmp_path / "film.mp4")
    assert np.abs(np.subtract(middle_rgb(shown), middle_rgb(orange))).max() <= 4
    with av.open(str(tmp_path / "film.mp4")) as container:
        context = container.streams.video[0].codec_context
        assert (context.colorspace, context.color_primaries, context.color_trc) == (1, 1, 1)


def test_a_film_that_breaks_off_leaves_nothing(tmp_path: Path) -> None:
    tone = write_tone(tmp_path / "tone.wav", 1.0)
    (tmp_path / "film.mp4").write_bytes(b"an earlier one")
    with pytest.raises(ValueError, match="half way"):
        _break_off(Film(tmp_path / "film.mp4", *SIZE, tone))
    assert sorted(path.name for path in tmp_path.iterdir()) == ["film.mp4", "tone.wav"]
    assert (tmp_path / "film.mp4").read_bytes() == b"an earlier one"


@pytest.mark.parametrize("name", ["nowhere/film.mp4", "film.nonsense"])
def test_what_cannot_be_written_is_one_sentence(tmp_path: Path, name: str) -> None:
    tone = write_tone(tmp_path / "tone.wav", 0.1)
    with (
        pytest.raises(UnwritableFilmError, match=f"{name} cannot be written"),
        Film(tmp_path / name, *SIZE, tone) as film,
    ):
        film.write(picture(100))
