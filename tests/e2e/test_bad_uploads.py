"""What cannot be spoken is refused or ends with a reason, and the stream does not notice."""

import io
import wave

import av
import numpy as np
import pytest
from av.audio.frame import AudioFrame

from tests.client import Client
from tests.e2e.show import show
from tests.meter import Reader, view
from tests.metering import body, timing
from tests.metering.chirps import speech, wav
from tests.metering.clip import FRAMES
from tests.metering.faults import Kind
from tests.system import System
from wire.media import AIR_RATE_HZ, FPS

PLAYLIST = b"#EXTM3U\n#EXT-X-VERSION:3\n#EXTINF:10,\nhttp://127.0.0.1:9/x.wav\n#EXT-X-ENDLIST\n"
WHOLE_S = 4


def slow_wav() -> bytes:
    """A WAV file that claims one sample a second."""
    with io.BytesIO() as file:
        with wave.open(file, "wb") as out:
            out.setparams((1, 2, 1, 0, "NONE", ""))
            out.writeframes(bytes(4000))
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


BAD: dict[str, tuple[bytes, dict[str, str], range]] = {
    "empty": (b"", {}, range(400, 423)),
    "text": (b"this is no sound, whatever its name says\n" * 100, {}, range(415, 423)),
    "playlist": (PLAYLIST, {}, range(415, 423)),
    "header only": (wav(np.zeros(0, np.int16)), {}, range(415, 423)),
    "one sample a second": (slow_wav(), {}, range(422, 423)),
    "field": (wav(speech(seed=7, seconds=0.5)), {"guidance_scale": "abc"}, range(400, 401)),
}


def test_bad_uploads_are_refused_and_leave_a_speech_on_the_air_unharmed(system: System) -> None:
    seen = show(system, [speech(seed=8, seconds=4)], meanwhile=lambda: refused_all(system.client))
    assert not seen.faults, str(seen.report)


def refused_all(client: Client) -> None:
    for name, (content, fields, statuses) in BAD.items():
        answer = client.post(content, "speech.wav", **fields)
        assert answer.status in statuses, (name, answer)
        assert set(answer.body["error"]) >= {"code", "message"}, (name, answer)


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
    assert [fault for fault in faults if fault.kind != Kind.CROSS] == []  # a late start cross-fades
    if answer.status == 200:
        job = system.client.job(answer.body["task_id"])
        aired_half = job["state"] == "done" and WHOLE_S * FPS // 3 <= job["frames_aired"] <= WHOLE_S * FPS
        assert (aired_half and job["warning"]) or (job["state"] == "failed" and job["error"]), job
    else:
        assert answer.status == 422, answer
