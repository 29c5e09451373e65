"""Where the lips are in each frame of a clip, and where they would be at rest. Pure.

A frame's *mouth plane* has its origin midway between the corners of the resting mouth, u along them to the
picture's right, v down the face; both in pixels of the picture. The four lines of the lips (upper lip's outer
and inner edge, lower lip's inner and outer edge) are heights v at the places `XI`, from corner to corner.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]

XI = np.linspace(-1.0, 1.0, 41)
"""Places along the lips: -1 is the corner on the picture's left, 1 the one on its right."""

# MediaPipe's points. Each line runs from corner to corner; the inner ones end at the outer corners too.
_UPPER_OUTER = (61, 185, 40, 39, 37, 0, 267, 269, 270, 409, 291)
_UPPER_INNER = (61, 78, 191, 80, 81, 82, 13, 312, 311, 310, 415, 308, 291)
_LOWER_INNER = (61, 78, 95, 88, 178, 87, 14, 317, 402, 318, 324, 308, 291)
_LOWER_OUTER = (61, 146, 91, 181, 84, 17, 314, 405, 321, 375, 291)
_LINES = (_UPPER_OUTER, _UPPER_INNER, _LOWER_INNER, _LOWER_OUTER)
_LIPS = np.unique(np.concatenate(_LINES))
_LEFT_CORNER, _RIGHT_CORNER = 61, 291
_INNER_MIDDLES = [13, 14]
_JAW = (172, 136, 150, 149, 176, 148, 152, 377, 400, 378, 379, 365, 397)
_NOSE_TIP, _NOSE_BASE = 4, (98, 2, 327)
_EYES = (33, 133, 362, 263)
# What speech does not move: the corners of the eyes, the nose.
_STILL = np.array((*_EYES, 168, 6, 197, 195, 5, 4, 2, 98, 327, 64, 294))

LEAST_HALF_PX = 4.0
"""Half a mouth's width below which there is nothing to draw."""

_STEADY = np.hanning(11)[1:-1] / np.hanning(11).sum()  # 0.1 s to either side at half height

# Movement below this part of the mouth's width is the landmarks' noise, not the clip's speech.
_NOISE = 0.02


@dataclass(frozen=True, slots=True)
class Face:
    """One frame of a clip.

    Attributes:
        origin: of the mouth plane, x and y in the picture.
        axis: the mouth plane's u direction, a unit vector of x and y.
        half: half the resting mouth's width, in pixels.
        own: `(4, 41)`, the lips' lines as they are in the clip.
        corners: `(2,)`, u of the left and right corner in the clip.
        rest: `(4, 41)`, the lips' lines at rest, closed, with the corners at u = -half and half.
        middle: u of the middle of the resting lips; not 0 where the head is turned.
        nose: v of the nose's base.
        jaw: `(13, 2)`, the jaw's outline, u and v, from left to right.
        strayed: how far the clip's lips are from rest, as part of `half`.
    """

    origin: Floats
    axis: Floats
    half: float
    own: Floats
    corners: Floats
    rest: Floats
    middle: float
    nose: float
    jaw: Floats
    strayed: float

    def fits(self, width: int, height: int) -> bool:
        """Say whether the mouth lies wholly in a picture of this size, and is large enough to be moved."""
        x, y = self.origin
        inside = self.half <= x <= width - self.half and self.half <= y <= height - self.half
        return bool(inside and self.half >= LEAST_HALF_PX)


def faces_of(landmarks: NDArray[np.float32]) -> tuple[Face, ...]:
    """Return the face in each frame of a clip.

    The rest is learnt from the whole clip: where the lips lie, given how the head is turned, once the part
    that goes with an open or widened mouth is taken away.

    Args:
        landmarks: `(frames, 478, 2)`, x and y in pixels.
    Raises:
        ValueError: the landmarks of some frame are no face.
    """
    flat = ~np.isfinite(landmarks).all(axis=(1, 2)) | (np.ptp(landmarks, axis=1).min(axis=1) < 1)
    if flat.any():
        raise ValueError(f"the landmarks of its frame {int(flat.argmax())} are no face")
    points = landmarks[..., 0].astype(np.float64) + 1j * landmarks[..., 1]
    turn, shift = _to_head(points[:, _STILL])
    head = points * turn[:, None] + shift[:, None]
    resting = points.copy()
    resting[:, _LIPS] = (_rest(head) - shift[:, None]) / turn[:, None]
    return tuple(_face(own, rest) for own, rest in zip(points, resting, strict=True))


def _to_head(still: NDArray[np.complex128]) -> tuple[NDArray[np.complex128], NDArray[np.complex128]]:
    """Return each frame's similarity, `turn * point + shift`, that lays its face on the clip's mean face."""
    mean = still[0]
    for _ in range(4):
        turn, shift = _similarity(still, mean)
        mean = (still * turn[:, None] + shift[:, None]).mean(axis=0)
    return _similarity(still, mean)


def _similarity(
    points: NDArray[np.complex128], target: NDArray[np.complex128]
) -> tuple[NDArray[np.complex128], NDArray[np.complex128]]:
    middle, goal = points.mean(axis=1), target.mean()
    centred = points - middle[:, None]
    turn = (np.conj(centred) @ (target - goal)) / (np.abs(centred) ** 2).sum(axis=1)
    return turn, goal - turn * middle


def _rest(head: NDArray[np.complex128]) -> NDArray[np.complex128]:
    """Return the lips' points at rest, as seen with each frame's turn of the head."""
    tip = head[:, _NOSE_TIP] - head[:, _EYES].mean(axis=1)
    gap = np.abs(np.subtract(*head[:, _INNER_MIDDLES].T))
    width = np.abs(head[:, _RIGHT_CORNER] - head[:, _LEFT_CORNER])
    causes = np.stack([tip.real, tip.imag, gap, width], axis=1)
    mean = causes.mean(axis=0)
    at_rest = causes.copy()
    at_rest[:, 2:] = 0.0, width[gap <= np.quantile(gap, 0.25)].mean()
    noise = (_NOISE * width.mean()) ** 2 * len(head)
    matrix = causes - mean
    lips = head[:, _LIPS]
    slopes = np.linalg.solve(matrix.T @ matrix + noise * np.eye(4), matrix.T @ (lips - lips.mean(axis=0)))
    return _steadied(lips.mean(axis=0) + (at_rest - mean) @ slopes)


def _steadied(points: NDArray[np.complex128]) -> NDArray[np.complex128]:
    """Smooth points over time, in the head's frame: what is left there is the landmarks' noise, and nods."""
    reach = len(_STEADY) // 2
    padded = np.pad(points, ((reach, reach), (0, 0)), mode="edge")
    windows = np.lib.stride_tricks.sliding_window_view(padded, len(_STEADY), axis=0)
    return np.asarray(windows @ _STEADY)


def _face(own: NDArray[np.complex128], rest: NDArray[np.complex128]) -> Face:
    left, right = rest[_LEFT_CORNER], rest[_RIGHT_CORNER]
    origin, half = (left + right) / 2, abs(right - left) / 2
    axis = (right - left) / (2 * half)
    own, rest = (own - origin) / axis, (rest - origin) / axis
    own_lines, rest_lines = _lines(own), _closed(_lines(rest))
    strayed = np.sqrt(np.mean((own_lines - rest_lines) ** 2)) / half
    return Face(
        origin=np.array([origin.real, origin.imag]),
        axis=np.array([axis.real, axis.imag]),
        half=float(half),
        own=own_lines,
        corners=own[[_LEFT_CORNER, _RIGHT_CORNER]].real,
        rest=rest_lines,
        middle=float(rest[[0, 17, *_INNER_MIDDLES]].real.mean()),
        nose=float(own[list(_NOSE_BASE)].imag.mean()),
        jaw=np.stack([own[list(_JAW)].real, own[list(_JAW)].imag], axis=1),
        strayed=float(strayed),
    )


def _lines(points: NDArray[np.complex128]) -> Floats:
    left, right = points[_LEFT_CORNER].real, points[_RIGHT_CORNER].real
    places = left + (XI + 1) / 2 * (right - left)
    return np.stack([np.interp(places, *_rising(points[list(line)])) for line in _LINES])


def _rising(line: NDArray[np.complex128]) -> tuple[Floats, Floats]:
    return np.maximum.accumulate(line.real), line.imag


def _closed(lines: Floats) -> Floats:
    """Close what gap the lines have left, the lips as thick as before; most of the way is the lower lip's."""
    gap = lines[2] - lines[1]
    lines[:2] += 0.25 * gap
    lines[2:] -= 0.75 * gap
    return lines
