"""The skin's colours under light."""

import numpy as np

from assets.presenter.canvas import Plane, plane
from assets.presenter.paint import Colour, rgb

# Light from none to full, and the skin's colour there.
RAMP = ((0.0, "5c2d22"), (0.32, "a6654d"), (0.62, "dda382"), (0.84, "f3c6a6"), (1.0, "fde2cb"))
# How much further red, green and blue reach into the half-shade: light wanders inside skin, red the furthest.
REACH = (0.05, 0.0, -0.012)


def complexion(light: Plane) -> Colour:
    """Return the skin's colour under light of 0..1, `(height, width, 3)`."""
    steps, colours = [step for step, _ in RAMP], np.array([rgb(colour) for _, colour in RAMP])
    shade = 1 - np.abs(2 * light - 1)
    reached = [np.clip(light + reach * shade, 0, 1) for reach in REACH]
    channels = [np.interp(level, steps, colours[:, index]) for index, level in enumerate(reached)]
    return plane(np.stack(channels, axis=2))
