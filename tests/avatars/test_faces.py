from pathlib import Path

import numpy as np
import pytest

from avatars.faces import FaceFinder, Points, Square, choose_face
from tests.avatars.clips import decode, of_presenter

LARGE, SMALL = Square(100, 100, 80), Square(400, 100, 50)


def test_the_largest_face_is_followed() -> None:
    assert choose_face([SMALL, LARGE], None) == LARGE
    assert choose_face([SMALL, LARGE], Square(380, 110, 50)) == SMALL
    assert choose_face([], LARGE) is None
    assert choose_face([], None) is None


def test_another_persons_face_is_not_taken_for_the_lost_one() -> None:
    assert choose_face([LARGE], SMALL) is None


def found_in(clip: Path) -> list[Points | None]:
    with FaceFinder() as finder:
        return [finder.find(picture) for picture in decode(clip)]


def middle(points: Points | None) -> Square:
    assert points is not None
    return Square.around(points)


def test_of_two_people_the_larger_is_followed_and_never_left(tmp_path: Path) -> None:
    # The larger face, on the left, is hidden for ten frames; the other is seen all the time.
    two = (
        "split[a][b];[a]crop=300:300:170:30,pad=640:360:0:0:gray[left];"
        "[b]crop=300:300:170:30,scale=210:210[right];[left][right]overlay=400:60,"
        "drawbox=enable='between(n,10,19)':w=320:h=360:color=gray:t=fill"
    )
    found = found_in(of_presenter(tmp_path / "two.mp4", two))
    assert [points is None for points in found] == [10 <= i < 20 for i in range(25)]
    assert all(middle(points).x < 300 for points in found if points is not None)


def test_a_face_beside_the_hidden_one_is_not_taken_for_it(tmp_path: Path) -> None:
    # A child's face, inside the square that is searched for the larger one.
    beside = (
        "crop=130:300:255:30,split[a][b];[a]pad=640:360:190:30:gray[one];[b]scale=iw/2:-2[child];"
        "[one][child]overlay=322:120,drawbox=enable='between(n,5,9)':w=321:h=360:color=gray:t=fill"
    )
    found = found_in(of_presenter(tmp_path / "two.mp4", beside, frames=15))
    assert [points is None for points in found] == [5 <= i < 10 for i in range(15)]


@pytest.mark.parametrize("width", [240, 640, 2000])  # of the whole picture: her face is a quarter of it
def test_faces_of_a_tenth_to_three_quarters_of_the_picture_are_found(tmp_path: Path, width: int) -> None:
    larger = "max(iw\\,640):max(ih\\,640)"
    filters = f"scale={width}:-2,pad={larger}:(ow-iw)/2:(oh-ih)/2:gray,crop=640:640"
    found = found_in(of_presenter(tmp_path / "clip.mp4", filters, frames=3))
    assert all(points is not None for points in found)


def test_a_face_is_measured_the_same_wherever_it_stands(tmp_path: Path) -> None:
    at_left = of_presenter(tmp_path / "left.mp4", "crop=360:360:100:0,pad=640:360:0:0:gray", frames=3)
    at_right = of_presenter(tmp_path / "right.mp4", "crop=360:360:100:0,pad=640:360:280:0:gray", frames=3)
    for left, right in zip(found_in(at_left), found_in(at_right), strict=True):
        assert left is not None
        assert right is not None
        assert np.abs(right - left - (280, 0)).mean() < 0.5


def test_a_face_that_crosses_the_picture_is_followed_and_keeps_its_shape(tmp_path: Path) -> None:
    sliding = "crop=240:360:200:0,pad=900:360:'0':0:gray,scroll=horizontal=-0.02,crop=640:360:0:0"
    clip = of_presenter(tmp_path / "clip.mp4", sliding)
    found = np.stack([points for points in found_in(clip) if points is not None])
    assert len(found) == 25
    places = found.mean(axis=1)
    assert places[-1, 0] - places[0, 0] == pytest.approx(24 * 0.02 * 900, abs=15)
    shapes = found - places[:, None]
    # Near the square's edge the mesh draws the face 6 pixels off.
    assert np.linalg.norm(shapes - shapes[0], axis=2).mean(axis=1).max() < 3
