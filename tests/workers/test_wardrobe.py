"""The avatars a worker has open, and the speed it finds in a rehearsal."""

from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from avatars.errors import AvatarError
from avatars.store import Avatar
from tests.metering import clip
from wire.batches import Patch
from wire.media import CHUNK_FRAMES, FPS
from workers import wardrobe
from workers.engines.interface import LostDeviceError, Order, Speech
from workers.wardrobe import Wardrobe


class Counting:
    """An engine that counts its performances; the clock goes on by a second for each patch."""

    name, weights, device = "counting", "", "none"

    def __init__(self) -> None:
        self.now_s = 0.0
        self.orders: list[Order] = []

    def warm_up(self) -> None: ...

    def features(self, speech: Speech) -> int:
        return speech.frames

    def render(self, avatar: Avatar, features: Any, order: Order) -> Iterator[Patch]:
        assert features == len(order.clip_frames)
        assert max(order.clip_frames) < avatar.frames
        self.orders.append(order)
        for _ in order.clip_frames:
            self.now_s += 1.0 / len(self.orders)
            yield Patch.empty()


class Choosy(Counting):
    """Cannot render the avatars of these names."""

    def __init__(self, refused: set[str]) -> None:
        super().__init__()
        self.refused = refused

    def render(self, avatar: Avatar, features: Any, order: Order) -> Iterator[Patch]:
        if avatar.hash in self.refused:
            raise RuntimeError("no mouth to be found")
        yield from super().render(avatar, features, order)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    clip.lay_ready(tmp_path / "clip.mp4", tmp_path / "avatars", 1920)
    return tmp_path / "avatars"


def test_rehearsal_measures_the_second_performance(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    engine = Counting()
    monkeypatch.setattr(wardrobe, "time", SimpleNamespace(monotonic=lambda: engine.now_s))
    assert Wardrobe(folder).rehearse(engine) == pytest.approx(2.0)
    assert [len(order.clip_frames) for order in engine.orders] == [CHUNK_FRAMES] * 2


def test_without_an_avatar_real_time_is_assumed(tmp_path: Path) -> None:
    assert Wardrobe(tmp_path).rehearse(Counting()) == FPS


def test_avatar_that_the_engine_cannot_render_keeps_no_worker_from_starting(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    damaged = folder / "0000"
    damaged.mkdir()
    (damaged / "avatar.json").write_text("{")
    clip.lay_ready(tmp_path / "other.mp4", folder, 1280)
    first, second = sorted(path.name for path in folder.iterdir() if path != damaged)
    engine = Choosy({first})
    monkeypatch.setattr(wardrobe, "time", SimpleNamespace(monotonic=lambda: engine.now_s))
    assert Wardrobe(folder).rehearse(engine) == pytest.approx(2.0)
    assert not any(record.levelname == "ERROR" and "none of" in record.message for record in caplog.records)
    assert Wardrobe(folder).rehearse(Choosy({first, second})) == FPS
    assert "counting rendered none of 3 avatars: 25 frames a second are assumed" in caplog.text
    assert all(name in caplog.text for name in ("0000", first, second))


def test_lost_device_ends_the_rehearsal(folder: Path) -> None:
    class Lost(Counting):
        def render(self, *_: Any) -> Iterator[Patch]:
            raise LostDeviceError("the GPU fell off the bus")

    with pytest.raises(LostDeviceError, match="fell off"):
        Wardrobe(folder).rehearse(Lost())


def test_avatar_is_opened_once_and_a_missing_one_is_told(folder: Path) -> None:
    mine = Wardrobe(folder)
    (name,) = (path.name for path in folder.iterdir())
    assert mine.fetch(name) is mine.fetch(name)
    with pytest.raises(AvatarError, match="0000"):
        mine.fetch("0000")
