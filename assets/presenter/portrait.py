"""The presenter standing still: everything that is drawn once."""

from dataclasses import dataclass

import numpy as np

from assets.presenter.backdrop import backdrop
from assets.presenter.blouse import draw_blouse, draw_pendant
from assets.presenter.brows import draw_brows
from assets.presenter.canvas import Canvas, Plane, plane, whole
from assets.presenter.face import draw_face, draw_nostrils, face_light
from assets.presenter.form import face_height, nose
from assets.presenter.hair import draw_back, draw_front
from assets.presenter.jacket import draw_jacket, draw_microphone
from assets.presenter.light import Studio, studio
from assets.presenter.motion import MAX_YAW
from assets.presenter.mouth import draw_mouth
from assets.presenter.neck import draw_neck
from assets.presenter.paint import Colour, Picture, clear
from assets.presenter.shapes import Mound, mounds, soften

# Light wanders over a turning head faster than a drawing with soft lamps would show.
LIGHT_GAIN = 2.0
MUZZLE_AND_CHIN: tuple[Mound, ...] = ((3.0, 0, 70, 20, 12, 0), (4.0, 0, 100, 14, 9, 0))
BODY_WINDOW = (-240.0, 20.0, 240.0, 300.0)
FACE_WINDOW = (-84.0, -110.0, 84.0, 118.0)


@dataclass(frozen=True, slots=True)
class Portrait:
    """The layers a frame is made of.

    `left` and `right` are the presenter without eyes, lit as when her head is turned furthest to the viewer's
    left and right. `depth` says how far each point stands out from the axis her head turns about, in
    millimetres.
    """

    canvas: Canvas
    room: Colour
    left: Picture
    right: Picture
    depth: Plane


def draw_portrait(detail: int = 2) -> Portrait:
    """Draw the presenter with `detail` pixels along each pixel of the clip."""
    canvas = whole(detail)
    body = draw_body(canvas, studio())
    left, right = (draw_person(canvas, body, studio(turn * LIGHT_GAIN)) for turn in (-MAX_YAW, MAX_YAW))
    return Portrait(canvas, backdrop(canvas), left, right, head_depth(canvas))


def draw_body(canvas: Canvas, lamps: Studio) -> Picture:
    """Return all that does not turn with the head: the hair behind it, the neck, the clothes."""
    picture = clear(canvas)
    draw_back(canvas, picture)
    window, at = canvas.window(*BODY_WINDOW)
    draw_neck(window, picture[at], lamps)
    draw_clothes(window, picture[at], lamps)
    return picture


def draw_person(canvas: Canvas, body: Picture, lamps: Studio) -> Picture:
    """Return the presenter with empty eyes: the head, under lamps as it sees them, on its body."""
    picture = body.copy()
    window, at = canvas.window(*FACE_WINDOW)
    draw_head(window, picture[at], lamps)
    draw_front(canvas, picture, lamps)
    return picture


def draw_clothes(canvas: Canvas, picture: Picture, lamps: Studio) -> None:
    draw_blouse(canvas, picture, lamps)
    draw_pendant(canvas, picture)
    draw_jacket(canvas, picture, lamps)
    draw_microphone(canvas, picture)


def draw_head(canvas: Canvas, picture: Picture, lamps: Studio) -> None:
    height = face_height(canvas)
    light = face_light(canvas, height, lamps)
    draw_face(canvas, picture, height, light, lamps)
    draw_nostrils(canvas, picture)
    draw_mouth(canvas, picture, light)
    draw_brows(canvas, picture)


def head_depth(canvas: Canvas) -> Plane:
    """Return how far each point of the head stands out, in millimetres, 0 at its silhouette."""
    ball = 74 * np.clip(1 - (canvas.x / 104) ** 2 - ((canvas.y - 4) / 138) ** 2, 0, None)
    features = nose(canvas) + mounds(canvas, MUZZLE_AND_CHIN)
    return soften(plane(ball), 5 * canvas.scale) + soften(features, 2 * canvas.scale)
