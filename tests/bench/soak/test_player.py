"""A player counts what it receives by its timestamps, and keeps the last of it to be judged."""

import time
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace

import pytest

from bench.soak import player as module
from bench.soak.player import Player
from tests.meter import CLIP_FRAMES, view
from tests.metering import made
from wire.media import FPS, SAMPLES_PER_FRAME

FRAMES = 4 * FPS
HOLE = slice(60, 63)
WAIT_S = 60.0


@pytest.fixture
def url(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """A stream of 4 s that lacks three frames and is sent once, as fast as it is read."""
    monkeypatch.setattr(module, "AGAIN_S", 2 * WAIT_S)
    moments = made.idle(0, FRAMES, CLIP_FRAMES)
    del moments[HOLE]
    return str(made.encode(tmp_path / "stream.flv", moments))


def wait_for(condition: Callable[[], bool]) -> None:
    end = time.monotonic() + WAIT_S
    while not condition():
        assert time.monotonic() < end
        time.sleep(0.01)


def play(url: str) -> Player:
    """Return a player that has received the stream to its end."""
    with Player(url) as player:
        wait_for(lambda: all(count.span_s * FPS > FRAMES - 1 for count in player.counts))
    return player


def test_what_lacks_is_counted_and_told_with_its_moment(url: str) -> None:
    began_s = time.monotonic()
    player = play(url)
    pictures, _ = player.counts
    assert pictures.missing_s * FPS == pytest.approx(3, abs=0.1)
    (lacking,) = [loss for loss in player.losses if loss.what == "pictures"]
    assert lacking.amount * FPS == pytest.approx(3, abs=0.1)
    assert began_s < lacking.at_s < time.monotonic()


def test_sound_is_counted_by_its_own_timestamps(url: str) -> None:
    _, sound = play(url).counts
    assert sound.span_s * FPS == pytest.approx(FRAMES, abs=2)
    lacking = sum(loss.amount for loss in play(url).losses if loss.what == "sound")
    assert lacking == pytest.approx(sound.missing_s, abs=0.002)
    assert sound.missing_s * 48000 == pytest.approx(3 * SAMPLES_PER_FRAME, abs=2 * 1024)


def test_what_is_kept_can_be_judged_from_the_keyframe_before(url: str) -> None:
    player = play(url)
    assert len(view(player.since(0.0)).pictures) == FRAMES - 3
    last_s = player.since(0.0).video.packets[-1].arrival_s
    tail = view(player.since(last_s)).pictures
    assert 0 < len(tail) < FRAMES - 3
    assert all(picture.seen.is_readable for picture in tail)


def test_a_stream_that_comes_faster_than_its_timestamps_say_is_ahead_by_as_much(
    url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "KEPT_S", 1.0)
    monkeypatch.setattr(module, "time", SimpleNamespace(monotonic=lambda: 100.0))  # all of it comes at once
    assert play(url).behind_s == pytest.approx(1 - FRAMES / FPS, abs=0.1)


def test_no_more_is_kept_than_is_needed(url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "KEPT_S", 0.0)
    kept = play(url).since(0.0)
    assert len(kept.video.packets) < FRAMES - 3
    assert len(kept.audio.packets) < FRAMES
