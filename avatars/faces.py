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

_SETTLING_ROUNDS = 5  # of measuring a new face from where the last round saw it: then it is right to 0.3 %

_NOTHING = np.zeros((64, 64, 3), np.uint8)


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
                model.process(_NOTHING)
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
        points = self._track(rgb)
        if points is None:
            points = self._acquire(rgb)
        if points is None:
            self._region = None
        else:
            self._follow(points)
        return points

    def _track(self, rgb: Picture) -> Points | None:
        """Measure the face in the square in which it was last seen."""
        return None if self._region is None else self._same(self._measure(rgb, self._region))

    def _acquire(self, rgb: Picture) -> Points | None:
        """Look for the face all over the picture."""
        face = choose_face(self._detect(rgb), self._last)
        if face is None:
            return None
        # The mesh starts from where it saw a face last, which may be another's: nothing makes it forget.
        self._mesh.process(_NOTHING)
        points = self._measure(rgb, face.grown(_REGION))
        for _ in range(_SETTLING_ROUNDS):
            if points is None:
                return None
            self._region = Square.around(points).grown(_REGION)
            points = self._measure(rgb, self._region)
        return self._same(points)

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

    def _measure(self, rgb: Picture, region: Square) -> Points | None:
        cut, corner = _cut(rgb, region)
        faces = self._mesh.process(cut).multi_face_landmarks
        if not faces:
            return None
        points = np.array([(point.x, point.y) for point in faces[0].landmark], np.float32)
        return points * cut.shape[0] + corner

    def _same(self, points: Points | None) -> Points | None:
        leapt = points is not None and self._last and self._last.distance(Square.around(points)) > _LEAP
        return None if leapt else points

    def _follow(self, points: Points) -> None:
        self._last = Square.around(points)
        if self._region is None or _has_strayed(self._last, self._region):
            self._region = self._last.grown(_REGION)


def _has_strayed(face: Square, region: Square) -> bool:
    size = region.side / (face.side * _REGION)
    return face.distance(region) > _STRAY or not 1 - _STRAY < size < 1 + _STRAY


def _cut(rgb: Picture, square: Square) -> tuple[Picture, Points]:
    """Cut a square out, black where the picture ends; return it and its left top corner, `(2,)`."""
    side = max(1, int(square.side))
    corner = np.array([int(square.x - side / 2), int(square.y - side / 2)], np.float32)
    shift = np.column_stack([np.eye(2, dtype=np.float32), -corner])
    return np.asarray(cv2.warpAffine(rgb, shift, (side, side), flags=cv2.INTER_NEAREST), np.uint8), corner


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
