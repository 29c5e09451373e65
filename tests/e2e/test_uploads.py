"""What cannot be spoken is refused or ends with a reason, and the stream does not notice."""

import io
import wave

import av
import pytest
from av.audio.frame import AudioFrame

from tests.client import Client
from tests.e2e.conftest import UPLOAD_MAX_BYTES, UPLOAD_MAX_S
from tests.e2e.show import inexcusable, show
from tests.meter import Reader, view
from tests.metering import body, timing
from tests.metering.chirps import speech
from tests.metering.clip import FRAMES
from tests.system import System
from wire.media import AIR_RATE_HZ, FPS

PLAYLIST = b"#EXTM3U\n#EXT-X-VERSION:3\n#EXTINF:10,\nhttp://127.0.0.1:9/x.wav\n#EXT-X-ENDLIST\n"
WHOLE_S = 4


def silence(samples: int, rate_hz: int) -> bytes:
    """A WAV file of 8 bit."""
    with io.BytesIO() as file:
        with wave.open(file, "wb") as out:
            out.setparams((1, 1, rate_hz, 0, "NONE", ""))
            out.writeframes(bytes([128]) * samples)
        return file.getvalue()


def flac() -> bytes:
    """Speech as FLAC."""
    file = io.BytesIO()
    with av.open(file, "w", format="flac") as out:
        stream = out.add_stream("flac", rate=AIR_RATE_HZ, layout="mono")
        frame = AudioFrame.from_ndarray(speech(seed=6, seconds=WHOLE_S)[None], format="s16", layout="mono")
        frame.sample_rate = AIR_RATE_HZ
        out.mux(stream.encode(frame))
        out.mux(stream.encode(None))
    return file.getvalue()


NAME = "speech.wav"
BAD: dict[str, tuple[str, bytes, dict[str, str], int, str]] = {
    "no file": ("", b"", {}, 400, "no_file"),  # what a browser sends where none was chosen
    "empty": (NAME, b"", {}, 422, "unusable_audio"),
    "text": (NAME, b"this is no sound, whatever its name says\n" * 100, {}, 415, "not_audio"),
    "playlist": (NAME, PLAYLIST, {}, 415, "not_audio"),
    "header only": (NAME, silence(0, AIR_RATE_HZ), {}, 422, "unusable_audio"),
    "one sample a second": (NAME, silence(20, rate_hz=1), {}, 422, "unusable_audio"),
    "too large": (NAME, bytes(UPLOAD_MAX_BYTES + 1), {}, 413, "too_large"),
    "too long": (NAME, silence(8000 * (UPLOAD_MAX_S + 1), rate_hz=8000), {}, 422, "unusable_audio"),
    "field": (NAME, silence(4000, rate_hz=8000), {"guidance_scale": "abc"}, 400, "wrong_field"),
}


def test_bad_uploads_are_refused_and_leave_a_speech_on_the_air_unharmed(system: System) -> None:
    seen = show(system, [speech(seed=8, seconds=4)], meanwhile=lambda: refused_all(system.client))
    assert not seen.faults, str(seen.report)


def refused_all(client: Client) -> None:
    for what, (name, content, fields, status, code) in BAD.items():
        answer = client.post(content, name, **fields)
        assert (answer.status, answer.body["error"]["code"]) == (status, code), (what, answer)
        assert answer.body["error"]["message"]


@pytest.mark.parametrize("damage", ["truncated", "broken in the middle"])
def test_a_damaged_file_airs_to_the_break_or_fails_with_the_reason(system: System, damage: str) -> None:
    whole = flac()
    half = len(whole) // 2
    content = whole[:half] + (b"" if damage == "truncated" else bytes(20_000) + whole[half + 20_000 :])
    with Reader(system.rtmp_url) as reader:
        reader.wait_for(pictures=FPS)
        answer = system.client.post(content, "speech.flac")
        if answer.status == 200:
            system.await_that(lambda: system.client.is_over(answer.body["task_id"]), "over")
        reader.wait_for(pictures=FPS)
    stream = view(reader.recording)
    faults = [*timing.judge(stream), *body.judge(stream.pictures, FRAMES)]
    assert inexcusable(faults, stream.pictures) == []
    if answer.status == 200:
        job = system.client.job(answer.body["task_id"])
        aired_half = job["state"] == "done" and WHOLE_S * FPS // 3 <= job["frames_aired"] <= WHOLE_S * FPS
        assert (aired_half and job["warning"]) or (job["state"] == "failed" and job["error"]), job
    else:
        assert answer.status == 422, answer
