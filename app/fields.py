"""The form's fields: what may stand in them. Pure."""

import re
from collections.abc import Mapping
from dataclasses import dataclass

from app.errors import UnknownChannelError, WrongFieldError
from wire.jobs import Mode

GUIDANCE = (1.0, 5.0)
"""Least and greatest guidance: 1 is none, up to 3 is usual; what is far beyond breaks the picture."""
STEPS = (1, 50)
"""Fewest and most steps of the model: each takes as long as the others, and 20 are the default."""
PRIORITY = (0, 9)
"""Least and greatest priority; within a mode the higher goes first."""
EXPIRES_S = (1.0, 86_400.0)
"""Shortest and longest time to expire: to less than a second nobody could be held, and what may come later
than in a day needs no end."""
NAME_LENGTH = 80
"""Characters of a file's name that are kept, for people to read."""

NUMBER = re.compile(r"[0-9]{1,6}(\.[0-9]{1,6})?")
WHOLE = re.compile(r"[0-9]{1,6}")
CHANNEL = re.compile(r"[a-z0-9-]{1,32}")


@dataclass(frozen=True)
class Wishes:
    """What was asked for beside the sound."""

    channel: str
    guidance_scale: float = 1.0
    inference_steps: int = 20
    mode: Mode = Mode.APPEND
    priority: int = 0
    expires_in: float | None = None


NAMES = frozenset(Wishes.__dataclass_fields__)


def parse(form: Mapping[str, str], channel: str) -> Wishes:
    """Return the wishes in a form's fields; `channel` is meant where none is named.

    Raises:
        WrongFieldError: a number is none, or out of bounds; a mode is none.
        UnknownChannelError: the channel's name is none.
    """
    wishes = Wishes(
        form.get("channel", channel),
        _number(form, "guidance_scale", NUMBER, GUIDANCE, Wishes.guidance_scale),
        int(_number(form, "inference_steps", WHOLE, STEPS, Wishes.inference_steps)),
        _mode(form.get("mode", Wishes.mode)),
        int(_number(form, "priority", WHOLE, PRIORITY, Wishes.priority)),
        _number(form, "expires_in", NUMBER, EXPIRES_S, 0.0) or None,
    )
    if not CHANNEL.fullmatch(wishes.channel):
        raise UnknownChannelError("A channel's name has 1 to 32 of the characters a to z, 0 to 9 and -.")
    return wishes


def display_name(posted: str) -> str:
    """Return what of a posted file's name is shown: its last part, printable, cut. It names no file here."""
    last = re.split(r"[/\\]", posted)[-1]
    return "".join(filter(str.isprintable, last)).strip()[:NAME_LENGTH] or "sound"


def _mode(text: str) -> Mode:
    try:
        return Mode(text)
    except ValueError:
        raise WrongFieldError(f"mode is one of {', '.join(Mode)}, not {text[:40]!r}.") from None


def _number(
    form: Mapping[str, str], name: str, shape: re.Pattern[str], bounds: tuple[float, float], default: float
) -> float:
    text = form.get(name)
    if text is None:
        return default
    if shape.fullmatch(text) and bounds[0] <= float(text) <= bounds[1]:
        return float(text)
    kind = "a whole number" if shape is WHOLE else "a number"
    raise WrongFieldError(f"{name} is {kind} from {bounds[0]} to {bounds[1]}, not {text[:40]!r}.")
