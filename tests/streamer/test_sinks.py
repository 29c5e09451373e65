"""What is written where: HLS and recordings, from a stream that was encoded before."""

import io
from collections.abc import Callable
from pathlib import Path

import av
import pytest

from streamer import sinks
from streamer.flv import Tag
from streamer.outputs import SEGMENTS_KEPT_LONGER, SEGMENTS_LISTED, Kind, Target, playlist
from streamer.pusher import push
from tests.streamer.encoding import encoded, received
from wire.media import FPS

Cut = Callable[[list[Tag]], list[Tag]]


def push_all(target: Target, cut: Cut = lambda tags: tags) -> None:
    """Push an encoded stream, or what `cut` leaves of it."""
    preface, tags = encoded()
    stream = io.BytesIO(preface + b"".join(tag.data for tag in cut(tags)))
    with av.open(stream, "r", format="flv") as container:
        push(container, target)


@pytest.fixture(autouse=True)
def _stdout(monkeypatch: pytest.MonkeyPatch) -> None:
    """What a pusher says goes nowhere."""
    monkeypatch.setattr("sys.stdout", io.TextIOWrapper(io.BytesIO()))


def hls(folder: Path) -> Target:
    return Target("hls", Kind.HLS, str(folder))


def recording(folder: Path, bytes_max: int = 2**30) -> Target:
    return Target("recording", Kind.RECORDING, str(folder), bytes_max=bytes_max)


def listed(folder: Path) -> list[str]:
    lines = playlist(folder).read_text().splitlines()
    return [line for line in lines if line.endswith(".ts")]


def test_hls_is_bounded_and_the_list_is_left_open(tmp_path: Path) -> None:
    push_all(hls(tmp_path / "new"))
    names = listed(tmp_path / "new")
    assert names == [f"{n}.ts" for n in range(12 - SEGMENTS_LISTED, 12)]
    assert len(list((tmp_path / "new").glob("*.ts"))) <= SEGMENTS_LISTED + SEGMENTS_KEPT_LONGER + 1
    assert "ENDLIST" not in playlist(tmp_path / "new").read_text()


def test_hls_segment_has_pictures_and_sound_in_step(tmp_path: Path) -> None:
    push_all(hls(tmp_path), lambda tags: [tag for tag in tags if tag.time_ms < 4000])
    got = received(tmp_path / "0.ts", 2 * FPS)
    assert got.beeps_s() == pytest.approx(got.flashes_s(), abs=0.010)


def test_list_goes_on_after_a_pusher_that_ended_and_its_segments_do_not_stay(tmp_path: Path) -> None:
    push_all(hls(tmp_path), lambda tags: [tag for tag in tags if tag.time_ms < 16_000])
    left = {path.name for path in tmp_path.glob("*.ts")} - set(listed(tmp_path))
    assert left
    push_all(hls(tmp_path), lambda tags: [tag for tag in tags if tag.time_ms >= 20_000])
    assert "#EXT-X-DISCONTINUITY" in playlist(tmp_path).read_text()
    assert listed(tmp_path)[-1] == "9.ts"
    assert not left & {path.name for path in tmp_path.glob("*.ts")}


def test_recording_is_closed_files_that_follow_each_other(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sinks, "RECORDED_S", 9)
    push_all(recording(tmp_path / "new" / "main"))
    files = sorted((tmp_path / "new" / "main").iterdir())
    assert [file.suffix for file in files] == [".mkv"] * 3
    pictures = [received(file, 300) for file in files]
    assert [len(got.lumas) for got in pictures] == [250, 250, 100]
    assert [got.times_s[0] for got in pictures] == pytest.approx([0, 0, 0], abs=0.001)
    assert pictures[1].beeps_s() == pytest.approx(pictures[1].flashes_s(), abs=0.010)


def test_oldest_recordings_make_room(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sinks, "RECORDED_S", 1)
    push_all(recording(tmp_path))
    files = sorted(tmp_path.iterdir())
    size = sum(file.stat().st_size for file in files) // len(files)
    push_all(recording(tmp_path, bytes_max=3 * size + size // 2))
    kept = sorted(tmp_path.iterdir())
    assert 3 <= len(kept) <= 5
    assert not set(kept) & set(files)


def test_recording_of_a_pusher_that_was_killed_is_kept(tmp_path: Path) -> None:
    (tmp_path / "2026-01-01T00-00-00.000000.mkv.part").write_bytes(b"begun")
    (tmp_path / "2026-01-01T00-00-01.000000.mkv.part").touch()
    push_all(recording(tmp_path), lambda tags: tags[:100])
    assert (tmp_path / "2026-01-01T00-00-00.000000.mkv").read_bytes() == b"begun"
    assert not list(tmp_path.glob("*.part"))
    assert len(list(tmp_path.iterdir())) == 2, "one that is empty is not kept"


def test_full_disk_is_told_and_nothing_is_written(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsysbinary: pytest.CaptureFixture[bytes]
) -> None:
    monkeypatch.setattr(sinks, "RESERVE_BYTES", 2**60)
    with pytest.raises(OSError, match="nothing is recorded: the disk has less"):
        push_all(recording(tmp_path))
    assert list(tmp_path.iterdir()) == []
    assert capsysbinary.readouterr().out == b"", "it is not said to be open"
