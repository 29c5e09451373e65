"""ffmpeg kept encoding: what it yields, and what happens when it ends, freezes or shouts."""

import logging
import os
import shlex
import signal
import sys
import time
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from threading import Thread

import av
import numpy as np
import pytest

from streamer.child import PIPE_BYTES
from streamer.encoder import QUEUE_TICKS
from streamer.flv import Kind, Tag
from tests.streamer.conftest import ffmpegs, wait_until
from tests.streamer.encoding import HEIGHT, TICK_BYTES, WIDTH, Bench, command, ffmpeg, flash, received
from wire.media import AIR_RATE_HZ, FPS

STALL_S = 0.5
FROZEN_S = 2.0
"""A busy machine may hold up an ffmpeg that is well for almost as long."""


@pytest.fixture
def bench() -> Bench:
    return Bench()


@dataclass
class Gate:
    """An ffmpeg that takes nothing from its pipe until it is opened."""

    path: Path

    def __post_init__(self) -> None:
        os.mkfifo(self.path)

    def command(self, first_tick: int) -> list[str]:
        return ["sh", "-c", f"read line < '{self.path}'; exec {shlex.join(command(first_tick))}"]

    def open(self) -> None:
        self.path.write_text("\n")


@pytest.fixture
def gate(tmp_path: Path) -> Gate:
    return Gate(tmp_path / "gate")


def test_stream_is_what_platforms_ask_for(bench: Bench) -> None:
    with bench.encoder:
        bench.write(3 * FPS, every_s=0)
    with av.open(bench.stream(), "r") as container:
        video, audio = container.streams.video[0].codec_context, container.streams.audio[0].codec_context
        assert (video.name, video.pix_fmt, video.width, video.height) == ("h264", "yuv420p", WIDTH, HEIGHT)
        assert (video.profile, audio.profile) == ("High", "LC")
        assert (video.colorspace, video.color_primaries, video.color_trc, video.color_range) == (1, 1, 1, 1)
        assert (audio.name, audio.sample_rate, audio.layout.name) == ("aac", AIR_RATE_HZ, "stereo")
    first, second = (tag.time_ms for tag in bench.tags if tag.kind is Kind.KEYFRAME)
    assert second - first == 2000


def test_every_frame_arrives_with_its_luma_at_its_time(bench: Bench) -> None:
    with bench.encoder:
        bench.write(2 * FPS, every_s=0)
    got = received(bench.stream(), 2 * FPS)
    assert got.lumas == pytest.approx([flash(tick)[0][0, 0] for tick in range(2 * FPS)], abs=4)
    assert np.diff(got.times_s) == pytest.approx([1 / FPS] * (2 * FPS - 1), abs=1e-4)


def test_sound_keeps_its_level_and_lies_on_its_frame(bench: Bench) -> None:
    with bench.encoder:
        bench.write(2 * FPS, every_s=0)
    got = received(bench.stream(), 2 * FPS)
    assert float(np.abs(got.sound).max()) == pytest.approx(8000 / 32768, rel=0.1)
    assert got.beeps_s() == pytest.approx(got.flashes_s(), abs=0.010)


@pytest.mark.parametrize("ticks", [1, 2, 3, 40])
def test_sound_lies_on_its_frame_behind_ticks_that_were_dropped(bench: Bench, ticks: int) -> None:
    with bench.encoder:
        bench.write(FPS, every_s=0)
        bench.tick += ticks
        bench.write(3 * FPS, every_s=0)
    got = received(bench.stream(), 4 * FPS)
    assert got.beeps_s() == pytest.approx(got.flashes_s(), abs=0.010)


def keyframes(bench: Bench, since_tick: int) -> list[Tag]:
    """Return the keyframes of that tick and later."""
    times = range(since_tick * 1000 // FPS, bench.tick * 1000 // FPS)
    return [tag for tag in bench.tags if tag.kind is Kind.KEYFRAME and tag.time_ms in times]


def test_killed_ffmpeg_is_started_anew_and_timestamps_go_on(bench: Bench) -> None:
    with bench.encoder:
        bench.write(3 * FPS, every_s=0.01)
        wait_until(lambda: len(bench.pictures()) > FPS)
        preface, killed, killed_tick = bench.hub.preface, ffmpeg(), bench.tick
        os.kill(killed, signal.SIGKILL)
        with bench.writing():
            wait_until(lambda: keyframes(bench, killed_tick) != [])
            known = len(bench.tags)
            wait_until(lambda: len(bench.tags) > known + 2 * FPS)
    times = [tag.time_ms for tag in bench.pictures()]
    assert times == sorted(times)
    new = keyframes(bench, killed_tick)[0]
    assert bench.hub.preface is preface, "targets need not begin anew"
    assert bench.counters.encoder_restarts == 1
    sound = next(tag for tag in bench.tags[bench.tags.index(new) :] if tag.kind is Kind.SOUND)
    assert abs(sound.time_ms - new.time_ms) < 50


def earlier(bench: Bench) -> list[Tag]:
    """Return the pictures that are earlier than the one before them."""
    return [after for before, after in pairwise(bench.pictures()) if after.time_ms < before.time_ms]


def test_timestamps_start_again_before_they_end_once_nobody_speaks(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("streamer.encoder.REBASE_TICKS", 2 * FPS)
    with bench.encoder, bench.writing():
        wait_until(lambda: any(tag.time_ms > 3000 for tag in bench.pictures()))  # not while a job is on air
        preface = bench.hub.preface
        bench.speaks = False
        wait_until(lambda: bench.hub.preface is not preface)
        bench.speaks = True
        wait_until(lambda: earlier(bench) != [])
    pictures = bench.pictures()
    (again,) = earlier(bench)
    assert (again.kind, again.time_ms < 100) == (Kind.KEYFRAME, True)
    assert bench.hub.preface == preface, "its headers are the same"
    assert pictures[-1].time_ms * FPS // 1000 <= bench.encoder.timed(bench.tick) <= bench.tick - 2 * FPS


def test_timestamps_that_start_again_in_a_pause_of_one_tick_cost_no_frame(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("streamer.encoder.REBASE_TICKS", FPS)
    with bench.encoder:
        for ticks, bench.speaks in ((FPS + 5, True), (1, False), (FPS, True)):
            bench.write(ticks, every_s=0)
        assert bench.tick <= QUEUE_TICKS
        wait_until(lambda: FPS + 6 in bench.ledger.sent + bench.ledger.lost)
    assert bench.ledger.sent == [tick for tick in range(bench.tick) if tick != FPS + 5]
    assert len(bench.pictures()) == bench.tick
    assert sum(tag.kind is Kind.KEYFRAME and tag.time_ms < 100 for tag in bench.tags) == 2
    assert (bench.counters.encoder_restarts, bench.counters.frames_dropped) == (0, 0)


def test_ffmpeg_that_takes_all_and_yields_nothing_is_replaced(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr("streamer.encoder.FIRST_YIELD_S", STALL_S)
    bench = Bench(command=lambda _: ["sh", "-c", "exec cat > /dev/null"])
    with bench.encoder, bench.writing():
        wait_until(lambda: bench.counters.encoder_restarts >= 1)
    assert "was fed and yielded nothing" in caplog.text


def test_ffmpeg_that_stops_to_yield_is_replaced(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """It does what it should for a while, and then still takes what comes."""
    monkeypatch.setattr("streamer.encoder.YIELD_S", STALL_S)
    stuck = f"{shlex.join(command(0))} | head -c 3000; touch {tmp_path}/stuck; exec cat > /dev/null"
    bench = Bench(command=lambda _: ["sh", "-c", stuck])
    with bench.encoder, bench.writing():
        wait_until((tmp_path / "stuck").exists)
        wait_until(lambda: bench.tags != [])
        wait_until(lambda: bench.counters.encoder_restarts >= 1)


def test_frozen_ffmpeg_never_holds_up_the_clock_and_is_replaced(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("streamer.child.STALL_S", FROZEN_S)
    with bench.encoder:
        bench.write(5)
        frozen = ffmpeg()
        os.kill(frozen, signal.SIGSTOP)
        began = time.monotonic()
        bench.write(QUEUE_TICKS * 2, every_s=0)
        assert time.monotonic() - began < FROZEN_S
        assert bench.counters.frames_dropped > 0
        with bench.writing():
            wait_until(lambda: ffmpeg() != frozen)
            wait_until(lambda: bench.counters.encoder_restarts == 1)
    assert bench.counters.frames_dropped > QUEUE_TICKS + 20  # what waited is not sent late
    assert sorted(bench.ledger.sent + bench.ledger.lost) == list(range(bench.tick))
    assert len(bench.ledger.lost) == bench.counters.frames_lost == bench.counters.frames_dropped


def is_fed(bench: Bench) -> bool:
    """Return whether ffmpeg's pipe holds much that it has not taken."""
    return len(bench.encoder._fed) > PIPE_BYTES // TICK_BYTES // 2


def test_frame_counts_as_sent_once_ffmpeg_has_yielded_it(gate: Gate) -> None:
    bench = Bench(command=gate.command)
    with bench.encoder:
        bench.write(QUEUE_TICKS, every_s=0)
        wait_until(lambda: is_fed(bench))
        assert bench.ledger.sent == []
        gate.open()
        wait_until(lambda: bool(bench.ledger.sent))
        assert len(bench.ledger.sent) <= len(bench.pictures())
    assert bench.ledger.sent == list(range(QUEUE_TICKS))
    assert bench.ledger.lost == []


def test_frames_that_an_ffmpeg_took_with_it_are_told_as_lost(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("streamer.encoder.RESTART_S", 0.1)
    bench = Bench(command=lambda _: ["sh", "-c", f"exec head -c {5 * TICK_BYTES} > /dev/null"])
    with bench.encoder, bench.writing():
        wait_until(lambda: len(bench.ledger.lost) >= 5)
    assert bench.ledger.lost[:5] == [0, 1, 2, 3, 4]
    assert bench.ledger.sent == []
    assert bench.counters.frames_lost == len(bench.ledger.lost)


def test_oldest_is_dropped_so_that_progress_never_runs_ahead_of_what_waits(
    gate: Gate, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr("streamer.child.CLOSE_S", 0.2)
    bench = Bench(command=gate.command)
    with bench.encoder:
        bench.write(3 * QUEUE_TICKS, every_s=0)
        (aired,) = bench.ledger.untold()
        assert aired.frames <= bench.tick - QUEUE_TICKS
        assert aired.lost == len(bench.ledger.lost) > 0
        assert aired.degraded
    (first,) = [record for record in caplog.records if "is lost" in record.message]
    assert first.message.startswith(f"job j: frame {bench.ledger.lost[0]} is lost")


def test_how_far_it_is_behind_is_told_by_what_it_yields(gate: Gate) -> None:
    bench = Bench(command=gate.command, tick=100)
    opener = Thread(target=gate.open)
    assert bench.encoder.behind(100) is None
    with bench.encoder:
        bench.write(QUEUE_TICKS, every_s=0)
        assert bench.encoder.behind(bench.tick - 1) is None
        opener.start()
    opener.join()
    assert bench.encoder.behind(bench.tick - 1) == 0
    assert bench.encoder.behind(bench.tick + 9) == 10


def test_what_waits_at_the_stop_is_sent_and_noted(gate: Gate) -> None:
    bench = Bench(command=gate.command)
    opener = Thread(target=gate.open)
    with bench.encoder:
        bench.write(QUEUE_TICKS, every_s=0)
        opener.start()
    opener.join()
    assert bench.ledger.sent == list(range(QUEUE_TICKS))


def test_at_the_stop_all_that_was_written_is_yielded_and_no_child_is_left(bench: Bench) -> None:
    with bench.encoder:
        bench.write(FPS)
        ffmpeg()
        began = time.monotonic()
    assert time.monotonic() - began < 10
    assert not ffmpegs()
    assert received(bench.stream(), FPS - 2).lumas


def test_stop_is_quick_while_ffmpeg_is_frozen_and_what_waits_counts_as_not_sent(
    bench: Bench, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr("streamer.child.CLOSE_S", 0.5)
    with bench.encoder:
        bench.write(5)
        os.kill(ffmpeg(), signal.SIGSTOP)
        bench.write(QUEUE_TICKS, every_s=0)
        began = time.monotonic()
    assert time.monotonic() - began < 10
    assert not ffmpegs()
    left = bench.tick - len(bench.ledger.sent) - len(bench.ledger.lost)
    assert left > 0
    assert f"{left} frames waited for ffmpeg and are not sent" in caplog.text


def test_cut_off_it_ends_at_once_and_sends_nothing_of_what_waits(gate: Gate) -> None:
    bench = Bench(command=gate.command)
    with bench.encoder:
        bench.write(QUEUE_TICKS, every_s=0)
        wait_until(lambda: is_fed(bench))
        began = time.monotonic()
        bench.encoder.cut()
    assert time.monotonic() - began < 10
    assert bench.ledger.sent == []


def test_messages_are_drained_and_keys_cut_out(caplog: pytest.LogCaptureFixture) -> None:
    line = "'rtmp://h/live/key ' + 'x' * 9999"
    shout = f"import sys\nwhile sys.stdin.buffer.read(99_999): print({line}, file=sys.stderr)"
    bench = Bench(command=lambda _: [sys.executable, "-c", shout])
    with bench.encoder:
        bench.write(QUEUE_TICKS, every_s=0)
    assert bench.counters.frames_dropped == 0
    assert "rtmp://h/…" in caplog.text
    assert "key" not in caplog.text


def test_program_that_ends_at_once_is_tried_again_with_pauses(
    caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("streamer.encoder.RESTART_S", 0.1)
    caplog.set_level(logging.WARNING)
    bench = Bench(command=lambda _: [sys.executable, "-c", "raise SystemExit(3)"])
    with bench.encoder, bench.writing():
        wait_until(lambda: bench.counters.encoder_restarts >= 2)
    assert "exit status 3" in caplog.text


def test_program_that_is_not_there_does_not_end_the_stream(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("streamer.encoder.RESTART_S", 0.1)
    bench = Bench(command=lambda _: [str(tmp_path / "none")])
    with bench.encoder, bench.writing():
        wait_until(lambda: bench.counters.encoder_restarts >= 2)
    assert "the encoder failed" in caplog.text
    assert bench.ledger.lost[:3] == [0, 1, 2]
    assert bench.ledger.sent == []
