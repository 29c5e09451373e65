"""The output is watched where viewers get it: in the segments that are written."""

import logging
import threading
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path
from typing import Any

import av
import numpy as np
import pytest
from numpy.typing import NDArray
from redis import Redis

from avatars.store import PICTURES
from streamer import monitor as module
from streamer.counters import Counters
from streamer.monitor import Monitor, newest
from streamer.stretches import BLACK_GLANCES, DELAY_GLANCES, FROZEN_GLANCES, SILENT_GLANCES
from tests.meter import CLIP_FRAMES
from tests.metering import made
from tests.metering.chirps import speech
from tests.metering.made import Moment
from tests.metering.marks import clip_picture
from tests.streamer.conftest import wait_until
from tests.streamer.test_main import Streamer
from wire import channels
from wire.media import SAMPLES_PER_FRAME

SEGMENT_FRAMES = 5
SEGMENT_S = 2
LOUD = list(speech(seed=1, seconds=SEGMENT_FRAMES / 25).reshape(SEGMENT_FRAMES, SAMPLES_PER_FRAME))
SILENCE: NDArray[np.int16] = np.zeros(SAMPLES_PER_FRAME, np.int16)


@dataclass
class Air:
    """A channel's output, and the monitor that watches it."""

    folder: Path
    pictures: NDArray[np.uint8]
    counters: Counters = field(default_factory=Counters)
    segments: int = 0

    def __post_init__(self) -> None:
        self.playlist = self.folder / "index.m3u8"
        self.monitor = Monitor(self.playlist, [self.pictures], self.counters)

    def send(self, moments: Sequence[Moment]) -> None:
        """Write one more segment, of which the monitor heard what was meant to be in it."""
        flv = made.encode(self.folder / "segment.flv", moments)
        remux(flv, self.folder / f"{self.segments}.ts")
        self.playlist.write_text(f"#EXTM3U\n#EXTINF:2.0,\n{self.segments}.ts\n")
        self.segments += 1

    def show(self, *segments: Sequence[Moment]) -> None:
        """Write segments, and have each looked at."""
        for moments in segments:
            self.send(moments)
            self.monitor.glance()


def remux(flv: Path, segment: Path) -> None:
    with av.open(str(flv)) as source, av.open(str(segment), "w", format="mpegts") as out:
        streams: dict[int, Any] = {s.index: out.add_stream_from_template(s) for s in source.streams}
        for packet in source.demux():
            if packet.dts is not None:
                packet.stream = streams[packet.stream.index]
                out.mux(packet)


def moving(number: int) -> list[Moment]:
    """Return the segment of idle with this number."""
    return made.idle(number * SEGMENT_S * 25, SEGMENT_FRAMES, CLIP_FRAMES)


def frozen() -> list[Moment]:
    return [replace(moment, clip=7) for moment in moving(0)]


def black() -> list[Moment]:
    return [replace(moment, is_black=True) for moment in moving(0)]


@pytest.fixture
def air(tmp_path: Path) -> Air:
    return Air(tmp_path, np.array([clip_picture(frame) for frame in range(CLIP_FRAMES)]))


def test_an_output_that_moves_and_is_silent_in_idle_is_well(air: Air) -> None:
    air.show(*map(moving, range(FROZEN_GLANCES + 2)))
    assert air.counters == Counters()


def test_a_frozen_stretch_is_counted_once_and_told_at_its_begin_and_end(
    air: Air, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    air.show(*[frozen()] * (FROZEN_GLANCES + 2))
    assert air.counters == Counters(output_frozen=1)
    air.show(moving(3))
    assert [r.getMessage().split(", after")[0] for r in caplog.records] == [
        "the output is frozen",
        "the output is no longer frozen",
    ]
    air.show(*[frozen()] * FROZEN_GLANCES)
    assert air.counters == Counters(output_frozen=2)


def test_a_black_stretch_is_counted(air: Air) -> None:
    air.show(*[black()] * (BLACK_GLANCES + 2))
    assert air.counters == Counters(output_black=1)


def speak(air: Air, sent: Sequence[NDArray[np.int16]], heard: Sequence[NDArray[np.int16]]) -> None:
    """Show segments of which the sound was `sent`, and is `heard` at the end."""
    for number in range(SILENT_GLANCES + DELAY_GLANCES):
        for sound in sent:
            air.monitor.hear(sound)
        air.show([replace(m, sound=sound) for m, sound in zip(moving(number), heard, strict=True)])


def test_a_stretch_without_the_sound_of_the_speech_that_is_sent_is_counted(air: Air) -> None:
    speak(air, LOUD, [SILENCE] * SEGMENT_FRAMES)
    assert air.counters == Counters(output_silent_in_speech=1)


def test_speech_that_is_heard_is_well_and_so_is_a_silent_job(air: Air) -> None:
    speak(air, LOUD, LOUD)
    speak(air, [SILENCE] * SEGMENT_FRAMES, [SILENCE] * SEGMENT_FRAMES)
    assert air.counters == Counters()


def test_a_clip_that_hardly_moves_is_never_called_frozen(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    air = Air(tmp_path, np.array([clip_picture(7)] * CLIP_FRAMES))
    air.show(*[frozen()] * (FROZEN_GLANCES + 2))
    assert air.counters == Counters()
    assert "the clip hardly moves" in caplog.text


def test_a_segment_that_is_seen_already_is_not_judged_again(air: Air) -> None:
    air.show(frozen())
    for _ in range(FROZEN_GLANCES):
        air.monitor.glance()
    assert air.counters == Counters()


def test_watching_goes_on_over_what_cannot_be_read(
    air: Air, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def is_told() -> bool:
        air.send(black())
        return air.counters.output_black == 1

    def is_seen(segment: str) -> bool:
        return air.monitor.segment == segment

    monkeypatch.setattr(module, "GLANCE_S", 0.01)
    stop = threading.Event()
    watching = threading.Thread(target=air.monitor.run, args=(stop,))
    watching.start()  # there is no playlist yet
    try:
        (air.folder / "broken.ts").write_bytes(b"no stream")
        for segment in ("broken.ts", "gone.ts"):
            air.playlist.write_text(f"#EXTM3U\n{segment}\n")
            wait_until(partial(is_seen, segment))
        wait_until(is_told)
    finally:
        stop.set()
        watching.join()
    assert "watching the output failed" not in caplog.text


def test_the_newest_segment_is_the_last_that_the_playlist_names() -> None:
    assert newest("#EXTM3U\n#EXTINF:2.0,\n7.ts\n#EXTINF:2.0,\n8.ts\n") == "8.ts"
    assert newest("#EXTM3U\n") == ""


@pytest.mark.slow
def test_a_streamer_whose_pictures_turn_black_says_so(
    tmp_path: Path, redis_address: str, broker: Redis
) -> None:
    streamer = Streamer(tmp_path, {"LIVE_BROKER_URL": f"{redis_address}/0"})
    playlist = tmp_path / "hls" / "main" / "index.m3u8"
    with streamer.running():
        # by then the clip was looked at
        wait_until(lambda: playlist.exists() and playlist.read_text().count(".ts") >= 4, 60)
        (pictures,) = (tmp_path / "avatars").glob(f"*/{PICTURES}")
        with pictures.open("r+b") as file:  # which the streamer has before it as a memory map
            file.write(bytes([16]) * pictures.stat().st_size)
        wait_until(lambda: "the output is black" in streamer.log.read_text(), 60)
        wait_until(lambda: channels.counters(broker, "main")["output_black"] == 1)
        assert "is frozen" not in streamer.log.read_text()
