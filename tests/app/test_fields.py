"""The form's fields."""

import pytest

from app import fields
from app.errors import UnknownChannelError, WrongFieldError
from app.fields import Wishes
from wire.jobs import Mode


def test_an_empty_form_has_the_defaults_of_the_published_service() -> None:
    assert fields.parse({}, "main") == Wishes("main", 1.0, 20, Mode.APPEND, 0, None)


def test_fields_at_their_bounds_are_taken() -> None:
    form = {"guidance_scale": "5", "inference_steps": "50", "channel": "two"}
    assert fields.parse(form, "main") == Wishes("two", 5.0, 50)
    assert fields.parse({"guidance_scale": "1.0", "inference_steps": "1"}, "main") == Wishes("main", 1.0, 1)
    assert fields.parse({"priority": "9", "expires_in": "1"}, "main") == Wishes(
        "main", priority=9, expires_in=1.0
    )
    assert fields.parse({"priority": "0", "expires_in": "86400.0"}, "main").expires_in == 86400.0


@pytest.mark.parametrize("mode", list(Mode))
def test_every_mode_is_taken(mode: Mode) -> None:
    assert fields.parse({"mode": str(mode)}, "main").mode is mode


@pytest.mark.parametrize("text", ["", "Now", "first", " next", "append\n", "x" * 900])
def test_another_mode_is_refused_and_those_there_are_named(text: str) -> None:
    with pytest.raises(WrongFieldError, match="mode is one of append, next, now, not") as refusal:
        fields.parse({"mode": text}, "main")
    assert len(str(refusal.value)) < 120


WRONG_NUMBERS = (
    "abc",
    "",
    " 2",
    "nan",
    "inf",
    "-1",
    "0.99",
    "5.01",
    "1e0",
    "1e9",
    "1_0",
    "٣",
    "0x2",
    "9" * 400,
)


@pytest.mark.parametrize("text", WRONG_NUMBERS)
def test_a_guidance_that_is_no_number_in_bounds_is_refused(text: str) -> None:
    with pytest.raises(
        WrongFieldError, match=r"guidance_scale is a number from 1\.0 to 5\.0, not"
    ) as refusal:
        fields.parse({"guidance_scale": text}, "main")
    assert len(str(refusal.value)) < 120


@pytest.mark.parametrize("text", [*WRONG_NUMBERS, "0", "51", "1.0", "20.5"])
def test_steps_that_are_no_whole_number_in_bounds_are_refused(text: str) -> None:
    with pytest.raises(WrongFieldError, match="inference_steps is a whole number from 1 to 50, not"):
        fields.parse({"inference_steps": text}, "main")


@pytest.mark.parametrize("text", [*WRONG_NUMBERS, "10", "1.0", "+1"])
def test_a_priority_that_is_no_whole_number_in_bounds_is_refused(text: str) -> None:
    with pytest.raises(WrongFieldError, match="priority is a whole number from 0 to 9, not"):
        fields.parse({"priority": text}, "main")


@pytest.mark.parametrize("text", [*sorted({*WRONG_NUMBERS} - {"5.01"}), "0", "86400.1", "3e3"])
def test_a_time_to_expire_that_is_no_number_in_bounds_is_refused(text: str) -> None:
    with pytest.raises(WrongFieldError, match=r"expires_in is a number from 1\.0 to 86400\.0, not"):
        fields.parse({"expires_in": text}, "main")


@pytest.mark.parametrize("name", ["", "Main", "a b", "x" * 33, "../main", "main\n", "a:b"])
def test_a_channel_with_an_impossible_name_is_unknown(name: str) -> None:
    with pytest.raises(UnknownChannelError):
        fields.parse({"channel": name}, "main")


@pytest.mark.parametrize(
    ("posted", "shown"),
    [
        ("speech.wav", "speech.wav"),
        ("../../etc/passwd", "passwd"),
        ("C:\\Users\\me\\speech.wav", "speech.wav"),
        ("a\0b\r\nc.wav", "abc.wav"),
        ("\u202egnp.wav", "gnp.wav"),
        ("你好 😀.mp3", "你好 😀.mp3"),
        ("x" * 4096, "x" * 80),
        ("/", "sound"),
        ("\x07", "sound"),
    ],
)
def test_a_file_name_is_shown_short_and_plain(posted: str, shown: str) -> None:
    assert fields.display_name(posted) == shown
