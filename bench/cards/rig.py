"""Both Redis servers, dispatch and render workers as processes of their own, with made weights and clip."""

import os
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from types import TracebackType
from typing import Self

import numpy as np
from redis import Redis, RedisError

from avatars import store
from avatars.draft import Draft
from avatars.store import LANDMARKS_A_FACE, Manifest
from bench.chunk.scene import HEIGHT, WIDTH, make_scene, make_sound
from bench.chunk.start import lay_weights
from demo.redis import broker_command, frames_command, server_path
from latentsync.mel import RATE_HZ
from wire import channels, chunks, connection, jobs, supply, uploads, workers
from wire.channels import Channel
from wire.chunks import Stage
from wire.jobs import Job, State
from wire.media import AIR_RATE_HZ, FPS

HOST, AVATAR, WINDOW_S, JOB_S = "bench", "bench", 120, 120
MEMORY_BYTES = 16 * 2**30
TIMEOUT_S = 5.0
PATIENCE_S = 120.0
LOOK_S = 0.02


class Rig:
    """A context manager; everything lies under `folder` and ends with it."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        broker, frames = _free_port(), _free_port()
        self._commands = {
            "broker": broker_command(server_path(), broker, folder),
            "frames": frames_command(server_path(), frames, folder, MEMORY_BYTES),
        }
        self._environment = {"LIVE_ENGINE": "latentsync"} | os.environ | {
            "LIVE_BROKER_URL": f"redis://127.0.0.1:{broker}/0",
            "LIVE_FRAMES_URL": f"redis://127.0.0.1:{frames}/0",
            "LIVE_CHECKPOINTS_FOLDER": str(folder / "checkpoints"),
            "LIVE_AVATARS_FOLDER": str(folder / "avatars"),
            "LIVE_UPLOADS_FOLDER": str(folder / "uploads"),
            "LIVE_WINDOW_S": str(WINDOW_S),
            "LIVE_WINDOW_BYTES": str(MEMORY_BYTES),
        }  # fmt: skip
        self.broker = connection.broker(self._environment["LIVE_BROKER_URL"], TIMEOUT_S)
        self.frames = connection.frames(self._environment["LIVE_FRAMES_URL"], TIMEOUT_S)
        self._running: dict[str, subprocess.Popen[bytes]] = {}
        self._posted = 0

    def __enter__(self) -> Self:
        (self._folder / "checkpoints").mkdir()
        lay_weights(self._folder / "checkpoints")
        lay_avatar(self._folder / "avatars")
        for name, command in self._commands.items():
            self._start(name, command)
        await_that(lambda: all(map(_answers, (self.broker, self.frames))), "the servers answer")
        self._start("dispatch", _celery("-Q", "dispatch", "-n", "dispatch@%h"))
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, _: TracebackType | None
    ) -> None:
        if error:
            for log in self._folder.glob("*.log"):
                sys.stderr.write(f"--- {log.name}\n{log.read_text()[-2000:]}\n")
        for name in reversed(list(self._running)):
            self.end(name)

    def start_worker(self, card: int) -> float:
        """Start a render worker on a card; return how many seconds it took to be ready."""
        queue, began = queue_of(card), time.monotonic()
        self._start(queue, _celery("-Q", queue, "-n", f"{queue}@%h"), CUDA_VISIBLE_DEVICES=str(card))
        await_that(lambda: self.is_alive(queue), f"{queue} is ready")
        return time.monotonic() - began

    def is_alive(self, queue: str) -> bool:
        return any(worker.name == queue for worker in workers.live(self.broker))

    def pid(self, name: str) -> int:
        return self._running[name].pid

    def end(self, name: str) -> None:
        """Ask a process to end, and wait until it, and what it started, did."""
        running = self._running.pop(name)
        running.terminate()
        try:
            running.wait(30)
        except subprocess.TimeoutExpired:
            os.killpg(running.pid, signal.SIGKILL)
            running.wait()

    def answers_inspection(self) -> bool:
        """Return whether render workers answer what Flower asks them."""
        asked = _celery(command=("inspect", "ping", "--timeout", "2", "--json"))
        answer = subprocess.run(asked, env=self._environment, capture_output=True, check=False).stdout
        return b"gpu." in answer

    def post(self) -> Job:
        """Post a prepared job on a channel of its own."""
        self._posted += 1
        name = f"c{self._posted}"
        count = make_scene().frames
        job = Job(name, name, State.RENDERING, 0, frames=JOB_S * FPS, avatar=AVATAR, avatar_frames=count)
        sound = np.tile(make_sound(), JOB_S * RATE_HZ // len(make_sound()))
        folder = Path(self._environment["LIVE_UPLOADS_FOLDER"])
        uploads.heard(folder, job.id).parent.mkdir(parents=True)
        uploads.heard(folder, job.id).write_bytes(sound.tobytes())
        uploads.air(folder, job.id).write_bytes(np.repeat(sound, AIR_RATE_HZ // RATE_HZ).tobytes())
        channels.report(self.broker, Channel(name, AVATAR, count, WIDTH, HEIGHT, 0))
        jobs.admit(self.broker, job, waiting_max=9)
        return job

    def rendered(self, posted: list[Job]) -> int:
        """Return how many frames of the jobs are rendered and published."""
        return sum(
            len(chunks.span(chunk, job.frames))
            for job in posted
            for chunk, row in chunks.table(self.broker, job.id).items()
            if row.stage is Stage.DONE
        )

    def cancel(self, job: Job) -> None:
        """End the job, and free what there is of it."""
        current = jobs.load(self.broker, job.id)
        jobs.move(self.broker, replace(current or job), State.CANCELLED, 60)
        supply.forget(self.frames, job.id, range(chunks.count(job.frames)))
        shutil.rmtree(uploads.posted(Path(self._environment["LIVE_UPLOADS_FOLDER"]), job.id).parent)

    def _start(self, name: str, command: list[str], **environment: str) -> None:
        with (self._folder / f"{name}.log").open("ab") as log:
            self._running[name] = subprocess.Popen(
                command,
                env=self._environment | environment,
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )


def queue_of(card: int) -> str:
    return f"gpu.{HOST}.{card}"


def lay_avatar(folder: Path) -> None:
    """Write the scene as a prepared avatar."""
    scene = make_scene()
    width, height = (int(side) for side in scene.boxes[0, 2:])
    with Draft(folder, AVATAR) as draft:
        scene.pictures.tofile(draft.path / store.PICTURES)
        np.save(draft.path / store.LANDMARKS, np.zeros((scene.frames, LANDMARKS_A_FACE, 2), np.float32))
        np.save(draft.path / store.MATRICES, scene.matrices)
        np.save(draft.path / store.BOXES, scene.boxes)
        np.save(draft.path / store.MASKS, scene.masks)
        draft.publish(Manifest(AVATAR, store.PREPARATION, WIDTH, HEIGHT, scene.frames, width, height))


def await_that(condition: Callable[[], bool], what: str) -> float:
    """Wait until `condition` holds; return how many seconds it took.

    Raises:
        TimeoutError: it did not within `PATIENCE_S`.
    """
    began = time.monotonic()
    while not condition():
        if time.monotonic() - began > PATIENCE_S:
            raise TimeoutError(f"not within {PATIENCE_S:.0f} s: {what}")
        time.sleep(LOOK_S)
    return time.monotonic() - began


def _celery(*options: str, command: tuple[str, ...] = ("worker", "-c", "1")) -> list[str]:
    return [sys.executable, "-m", "celery", "-q", "-A", "workers", *command, *options]


def _answers(client: Redis) -> bool:
    try:
        return bool(client.ping())
    except RedisError:
        return False


def _free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as probe:
        return int(probe.getsockname()[1])
