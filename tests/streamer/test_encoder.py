"""ffmpeg kept running: what arrives at the other end, and what happens when it ends, freezes or shouts."""

import logging
import os
import signal
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from threading import Event, Thread

import av
import numpy as np
import pytest
from numpy.typing import NDArray

from demo import rtmp
from settings import Settings
from streamer.buffer import Spoken
from streamer.counters import Counters
from streamer.encoder import QUEUE_TICKS, Encoder
from streamer.ffmpeg import PIPE_BYTES
from streamer.outputs import SEGMENTS_KEPT_LONGER, SEGMENTS_LISTED, Target, arguments, playlist
from streamer.progress import Progress
from streamer.start import encoder_command
from tests.conftest import free_port
from tests.streamer.conftest import ffmpegs, make_job, running_rtmp, wait_until
from wire.batches import Patch
from wire.media import AIR_RATE_HZ, FPS, SAMPLES_PER_FRAME

WIDTH, HEIGHT = 160, 96
DARK, BRIGHT = 40, 200
STALL_S = 0.5
TICK_BYTES = HEIGHT * 3 // 2 * WIDTH + 2 * SAMPLES_PER_FRAME
BEEP = (np.sin(np.arange(SAMPLES_PER_FRAME) * 2 * np.pi / 48) * 8000).astype(np.int16)
SILENCE = np.zeros(SAMPLES_PER_FRAME, np.int16)


def picture(luma: int) -> NDArray[np.uint8]:
    plain = np.full((HEIGHT * 3 // 2, WIDTH), 128, np.uint8)
    plain[:HEIGHT] = luma
    return plain


def flash(tick: int) -> tuple[NDArray[np.uint8], NDArray[np.int16]]:
    """Return the tick's picture and sound: each second, one bright frame with a beep of its length."""
    return (picture(BRIGHT), BEEP) if tick % FPS == 10 else (picture(DARK), SILENCE)


class Ledger(Progress):
    """Remembers which frames were noted as sent and which as lost."""

    def __init__(self) -> None:
        super().__init__()
        self.sent: list[int] = []
        self.lost: list[int] = []

    def note(self, spoken: Spoken) -> None:
        self.sent.append(spoken.number)
        super().note(spoken)

    def lose(self, spoken: Spoken) -> int:
        self.lost.append(spoken.number)
        return super().lose(spoken)


@dataclass
class Bench:
    """An encoder for small pictures, each a frame of one job; `url` and `folder` are its outputs."""

    folder: Path
    url: str = ""
    counters: Counters = field(default_factory=Counters)
    ledger: Ledger = field(default_factory=Ledger)
    command: Callable[[int], list[str]] | None = None
    tick: int = 0

    def __post_init__(self) -> None:
        self.target = Target(self.url, self.folder, 300, 128)
        self.encoder = Encoder(self.command or self._command, WIDTH, HEIGHT, self.ledger, self.counters)
        self._job = make_job(frames=10**6)

    def _command(self, first_tick: int) -> list[str]:
        return [Settings().ffmpeg, *arguments(self.target, first_tick)]

    def write(self, ticks: int, every_s: float = 1 / FPS) -> None:
        for _ in range(ticks):
            picture, sound = flash(self.tick)
            spoken = Spoken(self._job, self.tick, self.tick, Patch.empty(), sound)
            self.encoder.write(self.tick, [picture.reshape(-1)], sound, spoken)
            self.tick += 1
            time.sleep(every_s)

    @contextmanager
    def writing(self) -> Iterator[None]:
        """Write in real time from another thread."""
        stop = Event()

        def run() -> None:
            while not stop.is_set():
                self.write(1)

        thread = Thread(target=run)
        thread.start()
        try:
            yield
        finally:
            stop.set()
            thread.join()


@pytest.fixture
def bench(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Bench:
    """A bench whose ffmpeg has all the time that a busy machine may take to send what waits at the end."""
    monkeypatch.setattr("streamer.ffmpeg.CLOSE_S", 30.0)
    return Bench(tmp_path)


@dataclass
class Gate:
    """A program that takes nothing from its pipe until it is opened, and then all."""

    path: Path

    def __post_init__(self) -> None:
        os.mkfifo(self.path)

    def command(self, _: int) -> list[str]:
        return ["sh", "-c", f"read line < '{self.path}'; exec cat > /dev/null"]

    def open(self) -> None:
        self.path.write_text("\n")


@pytest.fixture
def gate(tmp_path: Path) -> Gate:
    return Gate(tmp_path / "gate")


def ffmpeg() -> int:
    """Return the process id of the one ffmpeg that runs."""
    seen: list[int] = []

    def look() -> bool:
        seen[:] = ffmpegs()
        return len(seen) == 1

    wait_until(look)
    return seen[0]


@dataclass(frozen=True)
class Received:
    """What a reader got: luma and time of each picture, and the sound from `sound_s` on."""

    lumas: list[float]
    times_s: list[float]
    sound: NDArray[np.float32]
    sound_s: float

    def flashes_s(self) -> list[float]:
        return [t for t, luma in zip(self.times_s, self.lumas, strict=True) if luma > (DARK + BRIGHT) / 2]

    def beeps_s(self) -> list[float]:
        """Return where beeps begin; the encoder smears them by a millisecond or two."""
        loud = np.abs(self.sound) > 0.05
        starts = np.nonzero(loud & ~np.concatenate([[True], loud[:-1]]))[0]
        apart = [s for i, s in enumerate(starts) if i == 0 or s - starts[i - 1] > AIR_RATE_HZ // 2]
        return [self.sound_s + float(start) / AIR_RATE_HZ for start in apart]


def received(source: str | Path, pictures: int) -> Received:
    """Read so many pictures, and the sound that comes with them."""
    lumas, times, sounds, sound_s = [], [], [], None
    with av.open(str(source), "r", timeout=10) as container:
        for frame in container.decode(video=0, audio=0):
            assert isinstance(frame, (av.AudioFrame, av.VideoFrame))
            at_s = float((frame.pts or 0) * (frame.time_base or 0))
            if isinstance(frame, av.AudioFrame):
                sound_s = at_s if sound_s is None else sound_s
                sounds.append(frame.to_ndarray().mean(0))
            else:
                lumas.append(float(frame.to_ndarray()[:HEIGHT].mean()))
                times.append(at_s)
                if len(lumas) == pictures:
                    break
    return Received(lumas, times, np.concatenate(sounds), sound_s or 0.0)


def segments(bench: Bench) -> list[Path]:
    """Return the segments that the playlist names."""
    file = playlist(bench.target)
    lines = file.read_text().splitlines() if file.exists() else []
    return [bench.folder / line for line in lines if line.endswith(".ts")]


def test_stream_is_what_platforms_ask_for(bench: Bench) -> None:
    with bench.encoder:
        bench.write(3 * FPS, every_s=0)
    with av.open(str(bench.folder / "0.ts"), "r") as container:
        video, audio = container.streams.video[0].codec_context, container.streams.audio[0].codec_context
        assert (video.name, video.pix_fmt, video.width, video.height) == ("h264", "yuv420p", WIDTH, HEIGHT)
        assert (video.colorspace, video.color_primaries, video.color_trc, video.color_range) == (1, 1, 1, 1)
        assert (audio.name, audio.sample_rate, audio.layout.name) == ("aac", AIR_RATE_HZ, "stereo")
        keyframes = [p.pts for p in container.demux(video=0) if p.is_keyframe and p.pts is not None]
    assert len(keyframes) == 1
    assert [path.name for path in segments(bench)] == ["0.ts", "1.ts"]


def test_every_frame_arrives_with_its_luma_at_its_time(bench: Bench) -> None:
    with bench.encoder:
        bench.write(2 * FPS, every_s=0)
    got = received(bench.folder / "0.ts", 2 * FPS)
    assert got.lumas == pytest.approx([flash(tick)[0][0, 0] for tick in range(2 * FPS)], abs=4)
    assert np.diff(got.times_s) == pytest.approx([1 / FPS] * (2 * FPS - 1), abs=1e-4)


def test_sound_keeps_its_level(bench: Bench) -> None:
    with bench.encoder:
        bench.write(2 * FPS, every_s=0)
    got = received(bench.folder / "0.ts", 2 * FPS)
    assert float(np.abs(got.sound).max()) == pytest.approx(8000 / 32768, rel=0.1)


def test_sound_lies_on_its_frame_at_an_rtmp_reader(tmp_path: Path, rtmp_port: int) -> None:
    bench = Bench(tmp_path, f"rtmp://127.0.0.1:{rtmp_port}/live/sync")
    with bench.encoder, bench.writing():
        wait_until(lambda: bench.tick > FPS // 2)
        got = received(bench.url, 3 * FPS)
    flashes, beeps = got.flashes_s()[:2], got.beeps_s()
    assert len(flashes) == 2
    for at_s in flashes:
        assert min(abs(at_s - beep) for beep in beeps) < 0.010
    assert np.diff(got.times_s) == pytest.approx([1 / FPS] * (len(got.times_s) - 1), abs=0.0015)


def test_rtmp_server_that_comes_back_is_published_to_again(tmp_path: Path) -> None:
    server = rtmp.find()
    if server is None:
        pytest.skip("there is no nginx with the rtmp module")
    port = free_port()
    bench = Bench(tmp_path, f"rtmp://127.0.0.1:{port}/live/back")
    with bench.encoder, bench.writing():
        with running_rtmp(server, port, tmp_path):
            before = received(bench.url, 5)
        pid = ffmpeg()
        with running_rtmp(server, port, tmp_path):
            after = received(bench.url, 5)
        assert after.times_s[0] > before.times_s[-1]
        assert ffmpeg() == pid
        wait_until(lambda: len(segments(bench)) >= 2)
    assert bench.counters.encoder_restarts == 0


def test_hls_is_bounded_and_the_list_is_left_open(bench: Bench) -> None:
    def many() -> bool:
        bench.write(FPS, every_s=0.002)
        names = segments(bench)
        return bool(names) and int(names[-1].stem) > SEGMENTS_LISTED + SEGMENTS_KEPT_LONGER + 2

    with bench.encoder:
        wait_until(many, patience_s=30)
    kept = len(list(bench.folder.glob("*.ts")))
    assert len(segments(bench)) == SEGMENTS_LISTED
    assert kept <= SEGMENTS_LISTED + SEGMENTS_KEPT_LONGER + 1
    assert "ENDLIST" not in playlist(bench.target).read_text()


def test_segments_of_an_ffmpeg_that_ended_do_not_stay(tmp_path: Path) -> None:
    config = Settings(hls_folder=tmp_path, channel="hls", rtmp_url="", video_kbps=300)

    def run(first_segment: int) -> set[str]:
        bench = Bench(tmp_path / "hls", command=encoder_command(config), tick=first_segment * 2 * FPS)

        def many() -> bool:
            bench.write(FPS, every_s=0.002)
            names = segments(bench)
            return bool(names) and int(names[-1].stem) > first_segment + SEGMENTS_LISTED

        with bench.encoder:
            wait_until(many, patience_s=30)
        return {path.name for path in bench.folder.glob("*.ts")} - {path.name for path in segments(bench)}

    left_over = run(0)
    assert left_over
    assert not left_over & run(20)


def test_killed_ffmpeg_is_started_anew_and_timestamps_go_on(bench: Bench) -> None:
    with bench.encoder:
        bench.write(3 * FPS, every_s=0.01)
        wait_until((bench.folder / "0.ts").exists)
        killed = ffmpeg()
        os.kill(killed, signal.SIGKILL)
        with bench.writing():
            wait_until(lambda: ffmpeg() != killed)
            restarted_tick = bench.tick
            wait_until(lambda: len(segments(bench)) >= 2)
        newest = segments(bench)[-1]
    got = received(newest, 20)
    assert got.times_s[0] >= (restarted_tick - FPS) / FPS
    assert bench.counters.encoder_restarts == 1
    assert "#EXT-X-DISCONTINUITY" in playlist(bench.target).read_text()
    sound_starts = got.sound_s - got.times_s[0]
    assert abs(sound_starts) < 0.05


def test_frozen_ffmpeg_never_holds_up_the_clock_and_is_replaced(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("streamer.ffmpeg.STALL_S", STALL_S)
    with bench.encoder:
        bench.write(5)
        frozen = ffmpeg()
        os.kill(frozen, signal.SIGSTOP)
        began = time.monotonic()
        bench.write(QUEUE_TICKS * 2, every_s=0)
        assert time.monotonic() - began < STALL_S
        assert bench.counters.frames_dropped > 0
        with bench.writing():
            wait_until(lambda: ffmpeg() != frozen)
            wait_until(lambda: bench.counters.encoder_restarts == 1)
    assert bench.counters.frames_dropped > QUEUE_TICKS + 20  # what waited is not sent late
    assert sorted(bench.ledger.sent + bench.ledger.lost) == list(range(bench.tick))
    assert len(bench.ledger.lost) == bench.counters.frames_lost == bench.counters.frames_dropped


def test_frame_counts_as_sent_once_it_is_in_the_pipe(tmp_path: Path, gate: Gate) -> None:
    bench = Bench(tmp_path, command=gate.command)
    with bench.encoder:
        bench.write(QUEUE_TICKS, every_s=0)
        wait_until(lambda: bool(bench.ledger.sent))
        assert len(bench.ledger.sent) <= PIPE_BYTES // TICK_BYTES + 1
        gate.open()
        wait_until(lambda: bench.ledger.sent == list(range(QUEUE_TICKS)))
    assert bench.ledger.lost == []


def test_oldest_is_dropped_so_that_progress_never_runs_ahead_of_what_waits(
    tmp_path: Path, gate: Gate, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr("streamer.ffmpeg.CLOSE_S", 0.2)
    bench = Bench(tmp_path, command=gate.command)
    with bench.encoder:
        bench.write(3 * QUEUE_TICKS, every_s=0)
        (aired,) = bench.ledger.untold()
        assert aired.frames <= bench.tick - QUEUE_TICKS
        assert aired.lost == len(bench.ledger.lost) > 0
        assert aired.degraded
    (first,) = [record for record in caplog.records if "is lost" in record.message]
    assert first.message.startswith(f"job j: frame {bench.ledger.lost[0]} is lost")


def test_what_waits_at_the_stop_is_sent_and_noted(tmp_path: Path, gate: Gate) -> None:
    bench = Bench(tmp_path, command=gate.command)
    opener = Thread(target=gate.open)
    with bench.encoder:
        bench.write(QUEUE_TICKS, every_s=0)
        opener.start()
    opener.join()
    assert bench.ledger.sent == list(range(QUEUE_TICKS))


def test_stop_closes_the_files_and_leaves_no_child(bench: Bench) -> None:
    with bench.encoder:
        bench.write(FPS)
        ffmpeg()
        began = time.monotonic()
    assert time.monotonic() - began < 2
    assert not ffmpegs()
    assert received(bench.folder / "0.ts", FPS - 2).lumas


def test_stop_is_quick_while_ffmpeg_is_frozen_and_what_waits_counts_as_not_sent(
    bench: Bench, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr("streamer.ffmpeg.CLOSE_S", 0.5)
    with bench.encoder:
        bench.write(5)
        os.kill(ffmpeg(), signal.SIGSTOP)
        bench.write(QUEUE_TICKS, every_s=0)
        began = time.monotonic()
    assert time.monotonic() - began < 2
    assert not ffmpegs()
    left = bench.tick - len(bench.ledger.sent) - len(bench.ledger.lost)
    assert left > 0
    assert f"{left} frames waited for ffmpeg and are not sent" in caplog.text


def test_messages_are_drained_and_keys_cut_out(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    line = "'rtmp://h/live/key ' + 'x' * 9999"
    shout = f"import sys\nwhile sys.stdin.buffer.read(99_999): print({line}, file=sys.stderr)"
    bench = Bench(tmp_path, command=lambda _: [sys.executable, "-c", shout])
    with bench.encoder:
        bench.write(QUEUE_TICKS, every_s=0)
    assert bench.counters.frames_dropped == 0
    assert "rtmp://h/…" in caplog.text
    assert "key" not in caplog.text


def test_program_that_ends_at_once_is_tried_again_with_pauses(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("streamer.encoder.RESTART_S", 0.1)
    caplog.set_level(logging.WARNING)
    bench = Bench(tmp_path, command=lambda _: [sys.executable, "-c", "raise SystemExit(3)"])
    with bench.encoder, bench.writing():
        wait_until(lambda: bench.counters.encoder_restarts >= 2)
    assert "exit status 3" in caplog.text


def test_program_that_is_not_there_does_not_end_the_stream(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("streamer.encoder.RESTART_S", 0.1)
    bench = Bench(tmp_path, command=lambda _: [str(tmp_path / "none")])
    with bench.encoder, bench.writing():
        wait_until(lambda: bench.counters.encoder_restarts >= 2)
    assert "the encoder failed" in caplog.text
    assert bench.ledger.lost[:3] == [0, 1, 2]
    assert bench.ledger.sent == []
