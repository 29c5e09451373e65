"""The engine's patches: where they lie, what they leave alone, and what they do not depend on."""

from dataclasses import replace

import cv2
import numpy as np
import pytest

from avatars.store import Avatar
from latentsync.mel import find_maximum
from tests.workers.engines.viseme.screen import Picture, laid, order, planes, shown, speak
from tests.workers.engines.viseme.sounds import Sound, silence, speech_of, vowel
from wire.batches import Patch
from wire.media import CONTEXT_FRAMES, MODEL_SAMPLES_PER_FRAME
from workers.engines import load
from workers.engines.interface import Engine, Speech
from workers.engines.viseme import VisemeEngine
from workers.engines.viseme.face import faces_of
from workers.engines.viseme.plane import to_picture


@pytest.fixture(scope="module")
def engine() -> VisemeEngine:
    made = VisemeEngine()
    made.warm_up()
    return made


@pytest.fixture(scope="module")
def vowels() -> Sound:
    return np.concatenate([vowel("a", 6), vowel("i", 6), vowel("u", 6), silence(4)])


def same(one: list[Patch], other: list[Patch]) -> bool:
    return len(one) == len(other) and all(
        (a.x, a.y) == (b.x, b.y) and np.array_equal(a.picture, b.picture)
        for a, b in zip(one, other, strict=True)
    )


def test_it_is_the_engine_called_viseme() -> None:
    engine: Engine = VisemeEngine()
    assert type(load("viseme")) is type(engine)
    assert (engine.name, engine.device) == ("viseme", "cpu")


def test_nothing_outside_the_soft_mask_is_touched(
    engine: VisemeEngine, presenter: Avatar, vowels: Sound
) -> None:
    masks = np.array(presenter.masks)
    masks[:, :, masks.shape[2] // 2 | 1 :] = 0  # from an odd column in the mouth on
    cut = replace(presenter, hash="cut", masks=masks)
    for frame, patch in enumerate(speak(cut, vowels, engine)):
        outside = np.ones((cut.height, cut.width), bool)
        x, y, width, height = cut.boxes[frame]
        outside[y : y + height, x : x + width] = cut.masks[frame] == 0
        in_chroma = outside.reshape(cut.height // 2, 2, cut.width // 2, 2).any(axis=(1, 3))
        clip = cut.pictures[frame]
        for left_alone, old, new in zip(
            (outside, in_chroma, in_chroma), planes(clip), planes(laid(clip, patch)), strict=True
        ):
            assert np.array_equal(old[left_alone], new[left_alone])


def test_patches_are_small_and_lie_around_the_mouth(
    engine: VisemeEngine, presenter: Avatar, vowels: Sound
) -> None:
    for frame, patch in enumerate(speak(presenter, vowels, engine)[:18]):
        mouth = presenter.landmarks[frame][[13, 14, 61, 291]]
        assert (mouth > (patch.x, patch.y)).all()
        assert (mouth < (patch.x + patch.width, patch.y + patch.height)).all()
        assert patch.width * patch.height < 0.1 * presenter.width * presenter.height


def test_where_the_mask_is_empty_so_is_the_patch(engine: VisemeEngine, presenter: Avatar) -> None:
    bare = replace(presenter, hash="bare", masks=np.zeros_like(presenter.masks))
    assert all(not patch.picture.size for patch in speak(bare, vowel("a", 3), engine))


def test_the_same_order_gives_the_same_pixels_whatever_came_before(
    engine: VisemeEngine, presenter: Avatar, vowels: Sound
) -> None:
    first = speak(presenter, vowels, engine)
    assert same(speak(presenter, vowels, engine), first)
    assert same(speak(presenter, vowels, VisemeEngine()), first)


def test_chunks_give_the_frames_of_the_whole(engine: VisemeEngine, presenter: Avatar, vowels: Sound) -> None:
    whole = shown(presenter, speak(presenter, vowels, engine))
    parts: list[Patch] = []
    for start, stop in ((0, 8), (8, len(whole))):
        around = max(0, start - CONTEXT_FRAMES), stop + CONTEXT_FRAMES
        heard = vowels[slice(*(MODEL_SAMPLES_PER_FRAME * frame for frame in around))]
        loudest = find_maximum(vowels)
        features = engine.features(Speech(heard, start - around[0], stop - start, loudest, "", start, stop))
        parts += engine.render(presenter, features, order(range(start, stop)))
    for one, other in zip(shown(presenter, parts), whole, strict=True):
        # the mouth differs by float32's rounding, which may tip a pixel's value over by one
        assert np.abs(one.astype(int) - other).max() <= 1


def test_a_closed_mouth_stays_as_the_clip_has_it(engine: VisemeEngine, presenter: Avatar) -> None:
    for frame, picture in enumerate(shown(presenter, speak(presenter, silence(25), engine))):
        luma, clip = (planes(which)[0].astype(int) for which in (picture, presenter.pictures[frame]))
        assert np.abs(luma - clip).mean() < 0.05
        assert np.percentile(np.abs(luma - clip), 99.9) < 12


def test_a_silent_mouth_is_steady_though_it_speaks_in_the_clip(engine: VisemeEngine, person: Avatar) -> None:
    silent = shown(person, speak(person, silence(person.frames), engine))
    assert _flicker(person, silent) < 0.5 * _flicker(person, list(person.pictures))


def _flicker(avatar: Avatar, pictures: list[Picture]) -> float:
    """Return how much the lips' luma changes from frame to frame, on lines down across them."""
    down = np.linspace(-0.35, 0.5, 30)
    lines = []
    for face, picture in zip(faces_of(np.asarray(avatar.landmarks)), pictures, strict=True):
        across = np.linspace(-0.3, 0.3, 9)[:, None]
        points = np.stack(np.broadcast_arrays(across, down), axis=2).reshape(-1, 2)
        places = to_picture(face, points * face.half).astype(np.float32)
        lines.append(
            cv2.remap(picture, places[None], np.empty(0, np.float32), cv2.INTER_LINEAR).reshape(9, 30)
        )
    return float(np.abs(np.diff(np.asarray(lines, np.float64), axis=0)).mean())


def test_a_mouth_out_of_the_picture_is_refused_with_its_frame(
    engine: VisemeEngine, presenter: Avatar
) -> None:
    moved = np.array(presenter.landmarks)
    moved[2] += (0, presenter.height)
    away = replace(presenter, hash="away", landmarks=moved)
    features = engine.features(speech_of(vowel("a", 3)))
    with pytest.raises(RuntimeError, match=r"Avatar away, frame 2: the mouth, .* not wholly in the picture"):
        list(engine.render(away, features, order(range(3))))


def test_an_avatar_without_a_face_is_refused(engine: VisemeEngine, presenter: Avatar) -> None:
    faceless = replace(presenter, hash="faceless", landmarks=np.zeros_like(presenter.landmarks))
    with pytest.raises(RuntimeError, match=r"Avatar faceless cannot speak: .* frame 0 are no face"):
        speak(faceless, vowel("a", 3), engine)


def test_an_order_that_does_not_fit_is_refused(engine: VisemeEngine, presenter: Avatar) -> None:
    features = engine.features(speech_of(vowel("a", 3)))
    with pytest.raises(RuntimeError, match="wants 2 frames, but its sound was heard for 3"):
        list(engine.render(presenter, features, order(range(2))))
    with pytest.raises(RuntimeError, match=f"has {presenter.frames} frames, and no frame {presenter.frames}"):
        list(engine.render(presenter, features, order([0, 1, presenter.frames])))
    with pytest.raises(RuntimeError, match="samples are needed"):
        engine.features(Speech.alone(silence(2), 3, 0.0))
