"""The ear tells how far the encoder's sound lies from its pictures."""

import logging
import threading

import numpy as np
import pytest

from streamer import ear as module
from streamer.ear import Ear
from tests.metering.chirps import speech
from tests.streamer.conftest import wait_until
from tests.streamer.encoding import Bench, picture
from wire.media import FPS, SAMPLES_PER_FRAME

TICKS = 5 * FPS
SPEECH = speech(seed=3, seconds=TICKS / FPS).reshape(TICKS, SAMPLES_PER_FRAME)
SILENCE = np.zeros(SAMPLES_PER_FRAME, np.int16)


def listened(bench: Bench, late_ticks: int = 0, is_spoken: bool = True) -> Ear:
    """Return an ear that has listened to speech, each tick of which was sent that much too late."""
    ear = Ear(lambda: bench.hub.preface)
    bench.hub.add(ear.take)
    first = bench.tick
    with bench.encoder:
        for number, sound in enumerate(SPEECH, first):
            ear.send(number - late_ticks, sound)
            bench.encoder.write(number, [picture(100).reshape(-1)], sound if is_spoken else SILENCE, None)
    ear.listen()
    return ear


@pytest.fixture(autouse=True)
def room(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let all that is said wait for ffmpeg."""
    monkeypatch.setattr("streamer.encoder.QUEUE_TICKS", TICKS)


@pytest.mark.parametrize("tick", [0, 1000])
def test_sound_that_lies_on_its_pictures_has_no_offset(tick: int) -> None:
    """A stream that begins at 0 lies later, sound and pictures alike."""
    assert listened(Bench(tick=tick)).offset_s == pytest.approx(0, abs=0.002)


@pytest.mark.parametrize("late_ticks", [2, -5])
def test_sound_that_lies_off_its_pictures_is_told_by_how_much(late_ticks: int) -> None:
    assert listened(Bench(), late_ticks).offset_s == pytest.approx(late_ticks / FPS, abs=0.002)


def test_where_nothing_is_heard_nothing_is_told() -> None:
    assert listened(Bench(), is_spoken=False).offset_s is None
    Ear(lambda: b"").listen()


def test_sound_that_lies_off_by_more_than_can_be_told_is_not_said_to_be_right() -> None:
    bench = Bench()
    ear = listened(bench)
    for number, sound in enumerate(SPEECH, FPS):
        ear.send(number, sound)
    ear.listen()
    assert ear.offset_s is None


def test_what_was_told_of_the_last_speech_holds_in_silence() -> None:
    ear, silent = listened(Bench(), late_ticks=2), Bench()
    listened(silent, is_spoken=False)
    for tag in silent.tags:
        ear.take(tag)
    ear.listen()
    assert ear.offset_s == pytest.approx(2 / FPS, abs=0.002)


def test_listening_goes_on_over_what_cannot_be_decoded(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    bench, prefaces = Bench(), iter([b"no stream"])
    heard = listened(bench)
    ear = Ear(lambda: next(prefaces, bench.hub.preface))
    for number, sound in enumerate(SPEECH):
        ear.send(number, sound)
    for tag in bench.tags:
        ear.take(tag)
    monkeypatch.setattr(module, "LISTEN_S", 0.01)
    stop = threading.Event()
    listening = threading.Thread(target=ear.run, args=(stop,))
    listening.start()
    try:
        wait_until(lambda: ear.offset_s is not None)
    finally:
        stop.set()
        listening.join()
    assert ear.offset_s == heard.offset_s
    assert "cannot be heard" in caplog.text
