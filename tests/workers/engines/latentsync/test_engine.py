"""The engine gives what the model does, chunk by chunk, whatever it rendered before."""

from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest
import torch
from numpy.typing import NDArray
from torch import Tensor

from avatars.store import LANDMARKS_A_FACE, Avatar
from latentsync.errors import CheckpointError
from latentsync.features import sound_features, span_features, window_features
from latentsync.lipsync import LipSync, draw_noise, load
from latentsync.mel import find_maximum
from latentsync.spans import Span
from latentsync.whisper import WhisperEncoder
from settings import Settings
from tests.latentsync.drawn import draw
from tests.latentsync.models import TINIEST, made_clip, write_checkpoints
from tests.tiny_engine import TinyEngine
from wire import chunks
from wire.batches import Patch
from wire.media import MODEL_SAMPLES_PER_FRAME
from workers import engines
from workers.engines.interface import Engine, Order, Speech
from workers.engines.latentsync import LatentSyncEngine
from workers.engines.latentsync import engine as module
from workers.hearing import stretch

Sound = NDArray[np.int16]
SHOWN = (3, 4, 4)
SHORT_FRAMES, LONG_FRAMES = 40, 1180  # 47.2 s are heard in two windows


@pytest.fixture(scope="module")
def checkpoints(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_checkpoints(tmp_path_factory.mktemp("checkpoints"), TINIEST)


@pytest.fixture(scope="module")
def make(checkpoints: Path) -> Iterator[Callable[[], TinyEngine]]:
    """What a worker does when it starts."""

    def made() -> TinyEngine:
        engine = TinyEngine()
        engine.warm_up()
        return engine

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(module, "settings", lambda: Settings(checkpoints_folder=checkpoints))
        yield made


@pytest.fixture(scope="module")
def engine(make: Callable[[], TinyEngine]) -> TinyEngine:
    return make()


@pytest.fixture(scope="module")
def model(checkpoints: Path) -> LipSync:
    return load(checkpoints, "cpu", torch.float32, TINIEST)


@pytest.fixture(scope="module")
def avatar() -> Avatar:
    return made_avatar("made", 6)


def made_avatar(hash: str, frames: int) -> Avatar:
    clip = made_clip(frames)
    height, width = clip.pictures.shape[1] * 2 // 3, clip.pictures.shape[2]
    landmarks = np.zeros((frames, LANDMARKS_A_FACE, 2), np.float32)
    parts = clip.pictures, landmarks, clip.matrices, clip.boxes, clip.masks
    return Avatar(hash, width, height, frames, *parts)


def made_sound(frames: int, name: str = "engine.sound") -> Sound:
    """Return noise that swells, so that no moment of it sounds like another."""
    noise = draw(name, (frames * MODEL_SAMPLES_PER_FRAME,))
    return np.asarray(noise * np.linspace(300, 6000, len(noise)), np.int16)


SOUND = made_sound(SHORT_FRAMES)


def brought(sound: Sound, frames: range, job: str = "j") -> Speech:
    """Return some frames' sound, with as much around it as dispatch cuts for this engine."""
    job_frames = len(sound) // MODEL_SAMPLES_PER_FRAME
    near = stretch(LatentSyncEngine.name, frames, job_frames)
    samples = sound[near.start * MODEL_SAMPLES_PER_FRAME : near.stop * MODEL_SAMPLES_PER_FRAME]
    lead = frames.start - near.start
    return Speech(samples, lead, len(frames), find_maximum(sound), job, frames.start, job_frames)


def order(
    clip_frames: tuple[int, ...] = SHOWN, guidance: float = 1.0, steps: int = 1, seed: int = 7
) -> Order:
    return Order("j", 0, 1, 0, clip_frames, guidance, steps, seed)


def windows(model: LipSync, sound: Sound, frames: int) -> Tensor:
    return window_features(sound_features(sound, model.whisper), frames)


def rendered(engine: TinyEngine, avatar: Avatar, wish: Order, sound: Sound = SOUND) -> list[Patch]:
    features = engine.features(brought(sound, range(len(wish.clip_frames))))
    return list(engine.render(avatar, features, wish))


def pixels(patches: list[Patch]) -> bytes:
    return b"".join(patch.picture.tobytes() for patch in patches)


def test_it_is_the_engine_called_latentsync() -> None:
    engine: Engine = LatentSyncEngine()
    assert type(engines.load("latentsync")) is type(engine)
    assert engine.name == "latentsync"
    assert engine.device == ("cuda" if torch.cuda.is_available() else "cpu")


def test_patches_come_in_order_at_their_frames_boxes(engine: TinyEngine, avatar: Avatar) -> None:
    patches = rendered(engine, avatar, order((5, 0, 5)))
    assert [(patch.x, patch.y) for patch in patches] == [tuple(avatar.boxes[i, :2]) for i in (5, 0, 5)]
    assert all((patch.width, patch.height) == tuple(avatar.boxes[0, 2:]) for patch in patches)
    turned = rendered(engine, avatar, order((0, 5, 5)))
    assert np.abs(turned[0].picture.astype(int) - patches[1].picture).mean() < 10
    assert np.abs(turned[0].picture.astype(int) - patches[0].picture).mean() > 20


@pytest.mark.parametrize(("steps", "guidance", "seed"), [(1, 1.0, 7), (3, 1.0, 7), (3, 2.0, 7), (1, 1.0, 8)])
def test_a_chunk_is_what_the_model_gives_for_the_jobs_wishes(
    engine: TinyEngine, model: LipSync, avatar: Avatar, steps: int, guidance: float, seed: int
) -> None:
    noise, sound = draw_noise(seed), windows(model, SOUND, len(SHOWN))
    right = model.render(model.portrait(avatar), sound, SHOWN, noise, steps, guidance)
    patches = rendered(engine, avatar, order(SHOWN, guidance, steps, seed))
    assert pixels(patches) == right.numpy().tobytes()


def test_steps_guidance_and_seed_change_the_pixels(engine: TinyEngine, avatar: Avatar) -> None:
    wishes = [order(), order(steps=3), order(guidance=2.0), order(seed=8)]
    assert len({pixels(rendered(engine, avatar, wish)) for wish in wishes}) == len(wishes)


def test_the_same_chunk_is_the_same_bytes_at_any_worker_whatever_it_did_before(
    make: Callable[[], TinyEngine], engine: TinyEngine, avatar: Avatar
) -> None:
    first = pixels(rendered(make(), avatar, order()))
    busy = make()
    rendered(busy, made_avatar("another", 4), order((3, 2, 1, 0), 1.5, 2, 3))
    busy.features(brought(made_sound(SHORT_FRAMES, "another"), range(8, 33), "k"))
    rendered(busy, avatar, order((4, 0)))
    assert pixels(rendered(busy, avatar, order())) == first
    assert pixels(rendered(engine, avatar, order())) == first


@pytest.mark.parametrize("frames", [SHORT_FRAMES, LONG_FRAMES])
def test_a_chunk_hears_what_it_hears_in_the_whole_sound(
    make: Callable[[], TinyEngine], model: LipSync, frames: int
) -> None:
    engine, sound = make(), made_sound(frames)
    whole = windows(model, sound, frames)
    last = chunks.count(frames) - 1
    for chunk in {0, 1, last // 2, last - 1, last}:
        span = chunks.span(chunk, frames)
        assert torch.equal(engine.features(brought(sound, span)), whole[span.start : span.stop])


def test_a_job_is_heard_once_and_not_taken_for_another(
    make: Callable[[], TinyEngine], monkeypatch: pytest.MonkeyPatch
) -> None:
    heard: list[float] = []

    def count(stretch: Sound, span: Span, maximum: float, encoder: WhisperEncoder) -> Tensor:
        heard.append(maximum)
        return span_features(stretch, span, maximum, encoder)

    monkeypatch.setattr(module, "span_features", count)
    engine, other = make(), made_sound(SHORT_FRAMES, "another")
    first = engine.features(brought(SOUND, range(8)))
    engine.features(brought(SOUND, range(8, 33)))
    assert torch.equal(engine.features(brought(SOUND, range(8))), first)
    assert len(heard) == 1
    assert not torch.equal(engine.features(brought(other, range(8), "k")), first)
    assert len(heard) == 2


@pytest.mark.parametrize("cut", [slice(0, -MODEL_SAMPLES_PER_FRAME), slice(0, 0)])
def test_too_little_sound_is_refused(engine: TinyEngine, cut: slice) -> None:
    speech = Speech(SOUND[cut], 0, 8, 0.0, "short", 0, SHORT_FRAMES)
    with pytest.raises(RuntimeError, match=r"samples 0 to 25600 are to be heard, but 0 to \d+ came"):
        engine.features(speech)


def test_sound_that_begins_too_late_is_refused(engine: TinyEngine) -> None:
    late = Speech(SOUND[8 * MODEL_SAMPLES_PER_FRAME :], 0, 25, 0.0, "late", 8, SHORT_FRAMES)
    with pytest.raises(RuntimeError, match="samples 0 to 25600 are to be heard, but 5120 to 25600 came"):
        engine.features(late)


def test_values_that_are_no_numbers_end_the_chunk_and_not_the_worker(
    engine: TinyEngine, avatar: Avatar
) -> None:
    right = pixels(rendered(engine, avatar, order()))
    features = engine.features(brought(SOUND, range(len(SHOWN))))
    with pytest.raises(RuntimeError, match="the model gave values that are no numbers"):
        list(engine.render(avatar, features * torch.nan, order()))
    assert pixels(rendered(engine, avatar, order())) == right


def test_an_order_that_does_not_fit_is_refused(engine: TinyEngine, avatar: Avatar) -> None:
    features = engine.features(brought(SOUND, range(3)))
    with pytest.raises(RuntimeError, match=r"frames \[6\] asked of a clip of 6"):
        list(engine.render(avatar, features, order((4, 5, 6))))
    with pytest.raises(RuntimeError, match=r"3 windows of sound given for .*2 frames"):
        list(engine.render(avatar, features, order((4, 5))))


def test_a_worker_without_weights_does_not_start(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "settings", lambda: Settings(checkpoints_folder=tmp_path))
    with pytest.raises(CheckpointError, match=r"latentsync_unet\.pt is missing"):
        TinyEngine().warm_up()
