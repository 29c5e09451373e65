"""ffmpeg's arguments."""

import pytest

from streamer.coding import Codec, Coding, arguments, trial

CODING = Coding(Codec.X264, 2500, 128)


def after(name: str, coding: Coding = CODING, first_tick: int = 0) -> str:
    listed = arguments(coding, first_tick)
    return listed[listed.index(name) + 1]


@pytest.mark.parametrize("codec", Codec)
def test_bit_rate_is_constant_and_keyframes_come_every_two_seconds(codec: Codec) -> None:
    coding = Coding(codec, 2500, 128)
    assert {after(name, coding) for name in ("-b:v", "-maxrate", "-bufsize")} == {"2500k"}
    assert (after("-g", coding), after("-keyint_min", coding)) == ("50", "50")
    assert after("-b:a", coding) == "128k"
    assert after("-c:v", coding) == codec


def test_sound_starts_where_the_pictures_start() -> None:
    assert "first_pts=4800000," in after("-af", first_tick=2500)


def test_trial_encodes_as_the_stream_will_be_encoded() -> None:
    listed = trial(Codec.NVENC, 2500, 1280, 720)
    assert "color=size=1280x720:rate=25" in listed
    whole = arguments(Coding(Codec.NVENC, 2500, 128), 0)
    coded = " ".join(whole[whole.index("-c:v") : whole.index("-af")])
    assert coded in " ".join(listed)
