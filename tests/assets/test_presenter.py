"""The presenter's clip is what the demo needs, and the script in the repository draws it."""

import numpy as np
import pytest
from mediapipe.python.solutions.face_mesh import FaceMesh

from assets.presenter.backdrop import backdrop
from assets.presenter.canvas import Canvas, whole
from assets.presenter.frames import Animator
from assets.presenter.hair import draw_strands
from assets.presenter.hairstyle import RIGHT_FRINGE
from assets.presenter.light import studio
from assets.presenter.motion import BLINKS_S, FPS, FRAMES, Pose, pose
from assets.presenter.mouth import LOWER, PARTING, UPPER
from assets.presenter.paint import Picture
from assets.presenter.portrait import FACE_WINDOW, Portrait, draw_body, draw_head, draw_portrait
from tests.assets.conftest import CLIP, Clip, Landmarks, Pixels, decode, landmarks

BLINKS = [round(at * FPS) for at in BLINKS_S]
SAMPLED = range(0, FRAMES, 10)
BT709, LIMITED = 1, 1
UPPER_INNER, LOWER_INNER, CORNERS = 13, 14, (78, 308)
UPPER_LIDS, LOWER_LIDS = (159, 386), (145, 374)
EYE_CORNERS = ((33, 133), (263, 362))


@pytest.fixture(scope="module")
def clip() -> Clip:
    return decode(CLIP, {*SAMPLED, *BLINKS, 0, 1, FRAMES - 2, FRAMES - 1})


@pytest.fixture(scope="module")
def faces(clip: Clip, mesh: FaceMesh) -> dict[int, Landmarks | None]:
    return {frame: landmarks(mesh, clip.kept[frame]) for frame in {*SAMPLED, *BLINKS}}


@pytest.fixture(scope="module")
def portrait() -> Portrait:
    return draw_portrait(detail=1)


def test_clip_is_ten_seconds_of_silent_720p_in_bt709(clip: Clip) -> None:
    assert (clip.count, clip.rate) == (FRAMES, FPS)
    assert clip.kept[0].shape == (720, 1280, 3)
    assert clip.streams == ("video",)
    assert clip.colours == (BT709, BT709, BT709, LIMITED)


def test_clip_is_small_enough_to_commit() -> None:
    assert CLIP.stat().st_size < 3_000_000


def test_every_sampled_frame_has_a_face(faces: dict[int, Landmarks | None]) -> None:
    assert [frame for frame, face in faces.items() if face is None] == []


def test_mouth_stays_closed(faces: dict[int, Landmarks | None]) -> None:
    for face in filter(lambda face: face is not None, faces.values()):
        width = distance(face, *CORNERS)
        assert distance(face, UPPER_INNER, LOWER_INNER) < 0.03 * width


def test_eyes_shut_at_each_blink_and_are_open_between(faces: dict[int, Landmarks | None]) -> None:
    shut = [eye_opening(faces[frame]) for frame in BLINKS]
    wide = [eye_opening(faces[frame]) for frame in SAMPLED if pose(frame).open == 1]
    assert max(shut) < 0.5 * min(wide)


def test_clip_turns_round_without_a_jump(clip: Clip) -> None:
    for one, other in ((0, 1), (FRAMES - 2, FRAMES - 1)):
        assert difference(clip.kept[one], clip.kept[other]) < 0.15


def test_movement_rests_at_both_ends_and_never_jumps() -> None:
    places = np.array([movement(pose(frame)) for frame in range(FRAMES)])
    steps = np.abs(np.diff(places, axis=0)) / np.ptp(places, axis=0)
    assert steps[[0, -1]].max() < 0.003
    assert steps.max() < 0.06


def test_played_there_and_back_she_blinks_every_two_to_four_seconds() -> None:
    ends = [-BLINKS_S[0], *BLINKS_S, 2 * FRAMES / FPS - BLINKS_S[-1]]
    pauses = np.diff(ends)
    assert pauses.min() >= 2
    assert pauses.max() <= 4


def test_drawn_lips_lie_where_a_face_mesh_finds_lips(portrait: Portrait, mesh: FaceMesh) -> None:
    found = landmarks(mesh, Animator(portrait).frame(Pose())[..., ::-1])
    assert found is not None
    drawn = {61: UPPER[0], 291: UPPER[-1], 0: UPPER[3], 13: PARTING[3], 14: PARTING[3], 17: LOWER[3]}
    for index, point in drawn.items():
        assert np.linalg.norm(found[index] - whole(1).pixels(point)) < 3


def test_script_draws_the_committed_clip(portrait: Portrait, clip: Clip) -> None:
    for frame in (0, BLINKS[0]):
        drawn = Animator(portrait).frame(pose(frame))[..., ::-1]
        # Half the clip's detail, and not encoded: hair and edges differ a little.
        assert difference(drawn, clip.kept[frame]) < 3


def test_drawing_again_gives_the_same_picture(portrait: Portrait) -> None:
    canvas, animator = portrait.canvas, Animator(portrait)
    assert np.array_equal(backdrop(canvas), portrait.room)
    assert np.array_equal(draw_parts(canvas), draw_parts(canvas))
    assert np.array_equal(animator.frame(pose(0)), animator.frame(pose(0)))


def draw_parts(canvas: Canvas) -> Picture:
    """Draw body, head and a part of the hair: all of it would take as long as the rest of these tests."""
    picture = draw_body(canvas, studio())
    window, at = canvas.window(*FACE_WINDOW)
    draw_head(window, picture[at], studio())
    draw_strands(canvas, picture, RIGHT_FRINGE, studio())
    return picture


def distance(face: Landmarks | None, one: int, other: int) -> float:
    assert face is not None
    return float(np.linalg.norm(face[one] - face[other]))


def eye_opening(face: Landmarks | None) -> float:
    """Return the eyes' height over their width, both eyes' mean."""
    lids = zip(UPPER_LIDS, LOWER_LIDS, EYE_CORNERS, strict=True)
    return float(np.mean([distance(face, up, low) / distance(face, *ends) for up, low, ends in lids]))


def difference(one: Pixels, other: Pixels) -> float:
    return float(np.abs(one.astype(np.int16) - other).mean())


def movement(at: Pose) -> tuple[float, ...]:
    return at.yaw, at.pitch, at.roll, at.sway, at.rise, at.breath
