"""Find and follow one face through the pictures of a clip: MediaPipe's mesh of 478 points.

The mesh looks only at a square around the face. So a face may be small in the picture (the mesh's own
detector misses one under a tenth of it), others beside it do not distract, and it costs the same in 4K.
"""

import os
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, nullcontext
from dataclasses import dataclass
from types import TracebackType
from typing import Self

import cv2
import numpy as np
from numpy.typing import NDArray

Points = NDArray[np.float32]
Picture = NDArray[np.uint8]

_REGION = 2.0  # the square's side, in faces
_STRAY = 0.25  # how far, in faces, the face's middle may leave the square's before the square follows
_LEAP = 0.5  # how far, in faces, a face may move unseen and still be taken for the same


@dataclass(frozen=True, slots=True)
class Square:
    """A square of a picture: its middle and side, in pixels. It may reach over the edge."""

    x: float
    y: float
    side: float

    @classmethod
    def around(cls, points: Points) -> Self:
        """Return the square that holds a face's points, `(478, 2)`."""
        low, high = points.min(axis=0), points.max(axis=0)
        x, y = (low + high) / 2
        return cls(float(x), float(y), float((high - low).max()))

    def grown(self, factor: float) -> "Square":
        return Square(self.x, self.y, self.side * factor)

    def distance(self, other: "Square") -> float:
        """Return how far the other's middle is away, in sides of this square."""
        return float(np.hypot(self.x - other.x, self.y - other.y)) / self.side


def choose_face(faces: list[Square], last: Square | None) -> Square | None:
    """Return the face to follow: the one that `last` can have become, or at first the largest."""
    if last is None:
        return max(faces, key=lambda face: face.side, default=None)
    nearest = min(faces, key=last.distance, default=None)
    return nearest if nearest is not None and last.distance(nearest) <= _LEAP else None


class FaceFinder:
    """Follows the face that is largest when a face is first seen. A context manager; not thread-safe."""

    def __init__(self) -> None:
        self._models = ExitStack()
        self._last: Square | None = None
        self._region: Square | None = None

    def __enter__(self) -> Self:
        with _quiet():
            from mediapipe.python.solutions.face_detection import FaceDetection  # takes 1.5 s
            from mediapipe.python.solutions.face_mesh import FaceMesh

            self._detector = self._models.enter_context(FaceDetection(model_selection=1))
            self._mesh = self._models.enter_context(FaceMesh(refine_landmarks=True))
            for model in (self._detector, self._mesh):
                model.process(np.zeros((64, 64, 3), np.uint8))
        return self

    def __exit__(self, *error: type[BaseException] | BaseException | TracebackType | None) -> None:
        self._models.close()

    def find(self, picture: Picture) -> Points | None:
        """Return the face's points in the clip's next picture.

        Args:
            picture: I420, `(height * 3 // 2, width)`.
        Returns:
            `(478, 2)` in pixels, or None where the face is not seen.
        """
        rgb = np.asarray(cv2.cvtColor(picture, cv2.COLOR_YUV2RGB_I420), np.uint8)
        with _quiet() if self._last is None else nullcontext():
            return self._find(rgb)

    def _find(self, rgb: Picture) -> Points | None:
        points = self._look(rgb, self._region, settled=True)
        if points is None:
            face = choose_face(self._detect(rgb), self._last)
            self._region = face.grown(_REGION) if face else None
            points = self._look(rgb, self._region, settled=False)
        if points is None:
            self._region = None
            return None
        self._follow(points)
        return points

    def _detect(self, rgb: Picture) -> list[Square]:
        height, width = rgb.shape[:2]
        return [
            Square(
                (box.xmin + box.width / 2) * width,
                (box.ymin + box.height / 2) * height,
                max(box.width * width, box.height * height),
            )
            for found in self._detector.process(rgb).detections or ()
            for box in [found.location_data.relative_bounding_box]
        ]

    def _look(self, rgb: Picture, region: Square | None, settled: bool) -> Points | None:
        if region is None:
            return None
        cut, corner = _cut(rgb, region)
        points = self._measure(cut)
        if points is None or not settled:
            # The mesh starts from where it saw the face last. In a new square that is a wrong place: a
            # second look at the same picture starts from a detection, or from the first look.
            points = self._measure(cut)
        if points is None:
            return None
        placed = points + corner
        leapt = self._last is not None and self._last.distance(Square.around(placed)) > _LEAP
        return None if leapt else placed

    def _measure(self, cut: Picture) -> Points | None:
        faces = self._mesh.process(cut).multi_face_landmarks
        if not faces:
            return None
        side = cut.shape[0]
        return np.array([(point.x * side, point.y * side) for point in faces[0].landmark], np.float32)

    def _follow(self, points: Points) -> None:
        self._last = Square.around(points)
        if self._region is None or _has_strayed(self._last, self._region):
            self._region = self._last.grown(_REGION)


def _has_strayed(face: Square, region: Square) -> bool:
    size = region.side / (face.side * _REGION)
    return face.distance(region) > _STRAY or not 1 - _STRAY < size < 1 + _STRAY


def _cut(rgb: Picture, square: Square) -> tuple[Picture, Points]:
    """Cut a square out, black where the picture ends; return it and its left top corner, `(2,)`."""
    height, width = rgb.shape[:2]
    side = int(square.side)
    left, top = int(square.x - side / 2), int(square.y - side / 2)
    over = (max(0, -top), max(0, top + side - height), max(0, -left), max(0, left + side - width))
    inside = rgb[max(0, top) : top + side, max(0, left) : left + side]
    cut = cv2.copyMakeBorder(inside, *over, cv2.BORDER_CONSTANT)
    return np.asarray(cut, np.uint8), np.array([left, top], np.float32)


@contextmanager
def _quiet() -> Iterator[None]:
    """Withhold what MediaPipe's C++ writes to stderr at its start, which no setting of its own stops."""
    kept = os.dup(2)
    with tempfile.TemporaryFile() as sink:
        os.dup2(sink.fileno(), 2)
        try:
            yield
        finally:
            os.dup2(kept, 2)
            os.close(kept)
