"""A render worker's task: whatever goes wrong with a chunk is told to dispatch, and the worker goes on."""

import logging
import os
from collections.abc import Iterator
from dataclasses import replace
from itertools import islice
from multiprocessing import get_context
from pathlib import Path
from threading import Event
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from redis import Redis
from redis.exceptions import ConnectionError as RedisConnectionError

from avatars.store import Avatar
from settings import Settings
from tests.laid import lay_sound
from tests.made_up_engine import MadeUpEngine
from tests.metering import clip
from wire import chunks, jobs, keys, supply, tallies, workers
from wire.batches import Batch, Patch
from wire.chunks import Row, Stage
from wire.jobs import Job, State
from wire.media import BATCH_FRAMES
from wire.tallies import Tally
from wire.workers import Worker
from workers import render, stores
from workers.effort import effort
from workers.engines.interface import LostDeviceError, Order, Speech
from workers.heartbeat import Heartbeat
from workers.publisher import Publisher
from workers.render import Studio
from workers.wardrobe import Wardrobe

SPEED = 2000.0


@pytest.fixture(scope="module")
def avatars(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("avatars")
    clip.lay_ready(folder.parent / "clip.mp4", folder, 1920)
    return folder


@pytest.fixture
def studio(broker: Redis, avatars: Path) -> Studio:
    heart = Heartbeat(broker, "gpu.h.0", "render", "gpu.h.0", "me")
    heart.tell(speed=25.0)
    return Studio(MadeUpEngine(speed=SPEED), Wardrobe(avatars), heart)


@pytest.fixture
def rung(
    broker: Redis, frames: Redis, avatars: Path, studio: Studio, monkeypatch: pytest.MonkeyPatch
) -> list[str]:
    """A job of two chunks, both sent to this worker; collects what dispatch is told."""
    told: list[str] = []
    monkeypatch.setattr(stores, "broker", lambda: broker)
    monkeypatch.setattr(stores, "frames", lambda: frames)
    monkeypatch.setattr(render, "ring_dispatch", lambda: told.append("dispatch"))
    monkeypatch.setattr(render, "_studio", studio)
    avatar = next(avatars.glob("*/avatar.json")).parent.name
    job = Job(
        "j", "main", State.RENDERING, 0, frames=33, position=0, avatar=avatar, avatar_frames=clip.FRAMES
    )
    jobs.admit(broker, job, 9)
    supply.raise_fence(frames, "j", 0, 0)
    for chunk in range(2):
        span = chunks.span(chunk, job.frames)
        lay_sound(frames, "j", chunk, np.zeros(len(span) * 1920, np.int16), span)
        broker.hset(keys.chunks("j"), str(chunk), Row(Stage.SENT, 1, "gpu.h.0", 0).to_json())
    return told


def render_chunk(chunk: int) -> None:
    """Have the chunk rendered, and wait until it is published and told of."""
    render.render("j", chunk, 1)
    render.stop()


def counted(broker: Redis) -> dict[Tally, int]:
    return {tally: count for tally, count in tallies.read(broker).items() if count}


def told_of(broker: Redis, chunk: int) -> tuple[Stage, str]:
    row = chunks.table(broker, "j")[chunk]
    return row.stage, row.reason


def test_rendered_chunk_is_done_and_its_speed_is_learned(
    rung: list[str], broker: Redis, frames: Redis, studio: Studio
) -> None:
    render_chunk(0)
    assert told_of(broker, 0) == (Stage.DONE, "")
    assert sum(len(b.patches) for b in supply.read(frames, "j", [(0, 0)], 9, 0.01)) == 8
    assert studio.heartbeat.speed != 25.0
    assert rung == ["dispatch"]


def test_chunk_whose_sound_is_lost_is_broken(rung: list[str], broker: Redis, frames: Redis) -> None:
    frames.delete(keys.sound("j", 0))
    render_chunk(0)
    assert told_of(broker, 0) == (
        Stage.BROKEN,
        "LostSoundError: its sound is no longer on the frames server",
    )
    assert rung == ["dispatch"]


def test_chunk_whose_engine_fails_is_broken_and_the_worker_goes_on(
    rung: list[str], broker: Redis, studio: Studio, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "faults").write_text("raise 0")
    monkeypatch.setenv("MADE_UP_FAULTS", str(tmp_path / "faults"))
    render_chunk(0)
    assert told_of(broker, 0) == (Stage.BROKEN, "MadeUpError: chunk 0 fails, as it was told to")
    assert studio.heartbeat.speed == 25.0, "what failed says nothing about the speed"
    assert counted(broker) == {Tally.FAILED: 1}
    render_chunk(1)
    assert told_of(broker, 1) == (Stage.DONE, "")
    assert rung == ["dispatch"]


@pytest.mark.parametrize(("faults", "hears"), [("", []), ("raise 1", ["dispatch"])])
def test_dispatch_hears_at_once_of_a_later_chunk_only_if_it_is_to_go_elsewhere(
    faults: str, hears: list[str], rung: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "faults").write_text(faults)
    monkeypatch.setenv("MADE_UP_FAULTS", str(tmp_path / "faults"))
    render_chunk(1)
    assert rung == hears


@pytest.mark.usefixtures("rung")
def test_lost_device_is_told_with_its_chunk_and_ends_the_process(broker: Redis, studio: Studio) -> None:
    class Lost(MadeUpEngine):
        def render(self, *_: Any) -> Iterator[Patch]:
            raise LostDeviceError("the GPU fell off the bus")

    def work() -> None:
        render._studio = replace(studio, engine=Lost(), publisher=Publisher())  # a thread does not fork
        render.render("j", 0, 1)

    process = get_context("fork").Process(target=work)
    process.start()
    process.join(30)
    assert process.exitcode == os.EX_UNAVAILABLE
    assert told_of(broker, 0) == (Stage.BROKEN, "LostDeviceError: the GPU fell off the bus")


class Left(BaseException):
    """Stands for the end of the process."""


@pytest.fixture
def lost(studio: Studio, monkeypatch: pytest.MonkeyPatch) -> None:
    """Let the engine lose its device, in a process whose end is told."""

    class Lost(MadeUpEngine):
        def render(self, *_: Any) -> Iterator[Patch]:
            raise LostDeviceError("the GPU fell off the bus")

    def leave(status: int) -> None:
        raise Left(status)

    monkeypatch.setattr(render, "_studio", replace(studio, engine=Lost()))
    monkeypatch.setattr(os, "_exit", leave)


@pytest.mark.usefixtures("rung", "lost")
def test_worker_whose_device_is_lost_has_left_when_dispatch_hears_of_it(
    broker: Redis, monkeypatch: pytest.MonkeyPatch
) -> None:
    alive: list[list[str]] = []
    monkeypatch.setattr(
        render, "ring_dispatch", lambda: alive.append([worker.name for worker in workers.live(broker)])
    )
    workers.beat(broker, Worker("gpu.h.0", "render", "gpu.h.0"), "me")
    with pytest.raises(Left):
        render.render("j", 0, 1)
    assert alive == [[]]


@pytest.mark.usefixtures("rung", "lost")
def test_worker_whose_device_is_lost_ends_even_where_nobody_can_be_told(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def refuse() -> None:
        raise RedisConnectionError("the broker is gone")

    monkeypatch.setattr(render, "ring_dispatch", refuse)
    with pytest.raises(Left):
        render.render("j", 0, 1)


@pytest.mark.usefixtures("rung")
def test_lease_and_speed_are_in_frames_of_effort_one(
    broker: Redis, studio: Studio, monkeypatch: pytest.MonkeyPatch
) -> None:
    broker.hset(keys.job("j"), mapping={"inference_steps": 40, "guidance_scale": 1.5})
    monkeypatch.setattr(render, "_studio", replace(studio, engine=MadeUpEngine("latentsync", speed=SPEED)))
    leased: list[float] = []

    def lease(work: float, _: float) -> int:
        leased.append(work)
        return 60_000

    monkeypatch.setattr(render, "lease_ms", lease)
    clock = iter([10.0, 12.0])
    monkeypatch.setattr(render, "time", SimpleNamespace(monotonic=lambda: next(clock)))
    render_chunk(0)
    work = 8 * effort("latentsync", 40, 1.5)
    assert leased == [work]
    measured = work / 2.0
    assert studio.heartbeat.speed == pytest.approx(25.0 + render.LEARNING * (measured - 25.0))


@pytest.mark.usefixtures("rung")
def test_next_chunk_is_rendered_while_the_one_before_is_published(
    broker: Redis, studio: Studio, monkeypatch: pytest.MonkeyPatch
) -> None:
    next_begun, append, waited = Event(), supply.append, []

    class Watched(MadeUpEngine):
        def features(self, speech: Speech) -> int:
            if speech.first_frame:
                next_begun.set()
            return super().features(speech)

    def slow(frames: Redis, batch: Batch) -> int:
        waited.append(next_begun.wait(30))
        return append(frames, batch)

    monkeypatch.setattr(supply, "append", slow)
    monkeypatch.setattr(render, "_studio", replace(studio, engine=Watched(speed=SPEED)))
    render.render("j", 0, 1)
    render_chunk(1)
    assert all(waited)
    assert told_of(broker, 0) == told_of(broker, 1) == (Stage.DONE, "")


@pytest.mark.usefixtures("rung")
def test_chunk_that_lacks_a_frame_is_broken(
    broker: Redis, studio: Studio, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Short(MadeUpEngine):
        def render(self, avatar: Avatar, features: int, order: Order) -> Iterator[Patch]:
            return islice(super().render(avatar, features, order), 7)

    monkeypatch.setattr(render, "_studio", replace(studio, engine=Short()))
    render_chunk(0)
    assert told_of(broker, 0) == (Stage.BROKEN, "WrongRenderError: 7 frames of 8")


@pytest.mark.usefixtures("rung")
def test_chunk_of_an_avatar_that_is_not_here_is_broken(broker: Redis) -> None:
    broker.hset(keys.job("j"), "avatar", "0000")
    render_chunk(0)
    stage, reason = told_of(broker, 0)
    assert stage is Stage.BROKEN
    assert "0000" in reason


@pytest.mark.usefixtures("rung")
def test_chunk_that_the_frames_server_refuses_is_broken(broker: Redis, frames: Redis) -> None:
    frames.delete(keys.fence("j"))
    render_chunk(0)
    stage, reason = told_of(broker, 0)
    assert stage is Stage.BROKEN
    assert "no fence" in reason
    assert counted(broker) == {Tally.REFUSED: 1}


def call_off(broker: Redis, frames: Redis, end: State) -> None:
    job = jobs.load(broker, "j")
    assert job is not None
    assert jobs.move(broker, job, end, 60)
    supply.forget(frames, "j", range(2))


@pytest.mark.parametrize("end", [State.CANCELLED, State.EXPIRED])
@pytest.mark.parametrize("moment", ["features", "render"])
def test_chunk_whose_job_is_called_off_ends_early_and_is_no_error(
    moment: str,
    end: State,
    rung: list[str],
    broker: Redis,
    frames: Redis,
    studio: Studio,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    made: list[Patch] = []

    class CalledOff(MadeUpEngine):
        def features(self, speech: Speech) -> int:
            if moment == "features":
                call_off(broker, frames, end)
            return super().features(speech)

        def render(self, avatar: Avatar, features: int, order: Order) -> Iterator[Patch]:
            for patch in super().render(avatar, features, order):
                if len(made) % BATCH_FRAMES == 0:
                    studio.publisher.finish()
                made.append(patch)
                if moment == "render" and len(made) == 7:
                    call_off(broker, frames, end)
                yield patch

    monkeypatch.setattr(render, "_studio", replace(studio, engine=CalledOff()))
    render_chunk(1)
    assert len(made) == {"features": 10, "render": 15}[moment], "it ends with the batch under way"
    assert chunks.table(broker, "j") == {}
    assert frames.keys("*") == []
    assert studio.heartbeat.speed == 25.0
    assert [record for record in caplog.records if record.levelno >= logging.WARNING] == []
    assert counted(broker) == {}
    assert rung == ["dispatch"]


def test_message_of_a_cancelled_job_comes_to_nothing(
    rung: list[str], broker: Redis, frames: Redis, studio: Studio, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(render, "_studio", replace(studio, engine=MadeUpEngine(speed=0.001)))
    call_off(broker, frames, State.CANCELLED)
    render_chunk(0)
    assert (chunks.table(broker, "j"), frames.keys("*"), rung) == ({}, [], [])
    assert counted(broker) == {}


def test_chunk_that_is_another_workers_by_now_is_left_alone(
    rung: list[str], broker: Redis, frames: Redis
) -> None:
    theirs = Row(Stage.SENT, 2, "gpu.h.1", 0)
    broker.hset(keys.chunks("j"), "0", theirs.to_json())
    render_chunk(0)
    render.render("unknown", 0, 1)
    assert chunks.table(broker, "j")[0] == theirs
    assert not frames.exists(keys.frames("j", 0))
    assert rung == []
    assert counted(broker) == {Tally.STALE: 1}


def test_result_that_comes_after_the_chunk_was_given_to_another_changes_nothing(
    rung: list[str],
    broker: Redis,
    studio: Studio,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    theirs = Row(Stage.SENT, 2, "gpu.h.1", 0)

    class Overtaken(MadeUpEngine):
        def features(self, speech: Speech) -> int:
            broker.hset(keys.chunks("j"), "0", theirs.to_json())
            return super().features(speech)

    monkeypatch.setattr(render, "_studio", replace(studio, engine=Overtaken()))
    render_chunk(0)
    assert chunks.table(broker, "j")[0] == theirs
    assert rung == ["dispatch"]
    assert "job j chunk 0 attempt 1 came too late" in caplog.text
    assert counted(broker) == {Tally.LATE: 1}


@pytest.mark.parametrize("told", ["", "tests.made_up_engine:MadeUpEngine"])
def test_worker_that_is_told_no_engine_takes_the_best_that_it_can_have(
    told: str, studio: Studio, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    values = Settings(engine=told, checkpoints_folder=tmp_path, avatars_folder=tmp_path)
    monkeypatch.setattr(render, "settings", lambda: values)
    monkeypatch.setattr(render, "default", lambda folder: "viseme" if folder == tmp_path else "")
    monkeypatch.setattr(render, "load", lambda name: replace(MadeUpEngine(), name=name))
    monkeypatch.setattr(render, "_studio", None)
    render.start(studio.heartbeat)
    assert render._studio is not None
    assert render._studio.engine.name == (told or "viseme")


def test_worker_without_an_engine_says_how_to_start_it(
    rung: list[str], broker: Redis, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(render, "_studio", None)
    with pytest.raises(RuntimeError, match="-Q gpu"):
        render.render("j", 0, 1)
    assert told_of(broker, 0) == (Stage.SENT, "")
    assert rung == []
