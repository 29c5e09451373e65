"""Which part of the aligned face the model keeps, and which it draws: everything inside one polygon."""

import cv2
import numpy as np
from numpy.typing import NDArray

FACE_PX = 256
"""Side of the aligned face that the model sees."""

LATENT_PX = 32
"""Side of the same face in the VAE's latent space."""

# Where the published model was trained to draw, as x,y on the 256×256 face: cheeks, mouth and jaw, leaving
# the nose's bridge. The weights fit this outline and no other.
_OUTLINE = """
    9,95 9,135 10,136 11,163 12,164 12,170 16,178 21,185 22,188 34,201 34,202 40,208 41,208 49,215 55,218
    60,222 82,233 84,233 87,235 92,236 95,238 103,239 104,240 107,240 108,241 152,242 153,241 156,241 157,240
    164,239 176,233 178,233 181,231 183,231 191,227 193,225 196,224 198,222 202,220 205,217 206,217 209,214
    210,214 223,201 223,200 228,195 228,194 240,177 244,169 244,163 245,162 245,149 246,148 246,135 247,134
    247,128 246,127 246,95 178,95 178,127 177,128 78,128 77,127 77,95
"""


def face_mask() -> NDArray[np.float32]:
    """Return `(256, 256)`: 1 where the face is kept, 0 where the model draws."""
    outline = np.array([point.split(",") for point in _OUTLINE.split()], dtype=np.int32)
    kept = np.ones((FACE_PX, FACE_PX), np.uint8)
    cv2.fillPoly(kept, [outline], (0,))
    return kept.astype(np.float32)


def latent_mask() -> NDArray[np.float32]:
    """Return the face mask as the network gets it, `(32, 32)`: each cell is its left top pixel's value."""
    step = FACE_PX // LATENT_PX
    return face_mask()[::step, ::step].copy()
