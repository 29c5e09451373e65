"""Frames a second of 1, 2, 4 and 8 render workers on 1, 2 and 4 jobs: `python -m bench.scaling`.

Real workers, dispatch and Redis servers; the engine sleeps ten seconds a chunk, so that the cores of this
host do not matter, and the window is as wide as may be set. No streamer plays: channels are records whose
timeline goes on with the clock. What is counted lies on the frames server, from when every worker is busy.
"""

import argparse
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, suppress
from dataclasses import replace
from pathlib import Path

from redis import Redis, RedisError

from bench.posting import post
from tests.made_up import made_up
from tests.metering.clip import FRAMES as CLIP_FRAMES
from tests.metering.marks import HEIGHT, WIDTH
from tests.system import System
from wire import channels, chunks, connection, jobs, keys, supply, workers
from wire.channels import Channel
from wire.jobs import Job, State
from wire.media import BATCH_FRAMES, CHUNK_FRAMES, FPS

CHUNK_S = 10.0
MEASURED = 3
"""Chunks that each worker renders while it is measured."""
WORKERS = (1, 2, 4, 8)
JOBS = (1, 2, 4)
GOAL = 7.0
"""Times one worker's frames a second that eight of them give at least."""
WINDOW_S = 120
CHANNEL = Channel("", "", CLIP_FRAMES, WIDTH, HEIGHT, 0)
JOB = Job("", "", State.RENDERING, 0, frames=300 * FPS, avatar_frames=CLIP_FRAMES)
TIMEOUT_S = 5.0
PATIENCE_S = 120.0

Rates = Mapping[tuple[int, int], float]
"""Frames a second by numbers of workers and of jobs."""


def main() -> int:
    """Run the measurement; return 0 if the goal is met."""
    parser = argparse.ArgumentParser(prog="python -m bench.scaling", description="More workers, more frames.")
    parser.add_argument("chunk_s", type=float, nargs="?", default=CHUNK_S, help="what a chunk takes")
    chunk_s = parser.parse_args().chunk_s
    with tempfile.TemporaryDirectory() as folder:
        rates = dict(measure(Path(folder), chunk_s))
    sys.stdout.write(shown(rates, chunk_s))
    return 0 if is_met(rates, CHUNK_FRAMES / chunk_s) else 1


def measure(folder: Path, chunk_s: float) -> Iterator[tuple[tuple[int, int], float]]:
    """Yield the rates, with workers added one after another to the same installation."""
    speed = CHUNK_FRAMES / chunk_s
    system = made_up(folder, MADE_UP_SPEED=str(speed), LIVE_WINDOW_S=str(WINDOW_S))
    with ExitStack() as stack:
        stack.push(system)
        for name in ("broker", "frames", "dispatch"):
            system.start(name)
        hall = Hall(system)
        for alive in WORKERS:
            hall.have(alive)
            for count in JOBS:
                yield (alive, count), hall.rate(count, MEASURED * chunk_s)


class Hall:
    """The servers and workers, and the jobs that they are given."""

    def __init__(self, system: System) -> None:
        self._system = system
        self._uploads = Path(system.environment["LIVE_UPLOADS_FOLDER"])
        (avatar,) = Path(system.environment["LIVE_AVATARS_FOLDER"]).glob("*/avatar.json")
        self._avatar = avatar.parent.name
        self._broker = connection.broker(system.environment["LIVE_BROKER_URL"], TIMEOUT_S)
        self._frames = connection.frames(system.environment["LIVE_FRAMES_URL"], TIMEOUT_S)
        system.await_that(lambda: all(map(_answers, (self._broker, self._frames))), "answered")
        self._alive = 0
        self._posted = 0

    def have(self, alive: int) -> None:
        """Start as many workers as are missing, and wait until all are ready."""
        for index in range(self._alive, alive):
            self._system.add_worker(index)
        self._alive = alive
        self._system.await_that(lambda: self._count_workers() == alive, "alive", PATIENCE_S)

    def rate(self, count: int, seconds: float) -> float:
        """Return how many frames a second the workers render of `count` jobs, on a channel each."""
        posted = [self._post(f"c{number}") for number in range(count)]
        busy = self._alive * CHUNK_FRAMES
        self._system.await_that(lambda: self._rendered(posted) >= busy, "busy", PATIENCE_S)
        began, before = time.monotonic(), self._rendered(posted)
        time.sleep(seconds)
        rendered, took_s = self._rendered(posted) - before, time.monotonic() - began
        for job in posted:
            self._end(job)
        return rendered / took_s

    def _count_workers(self) -> int:
        return sum(worker.role == "render" for worker in workers.live(self._broker))

    def _post(self, channel: str) -> Job:
        self._posted += 1
        job = replace(JOB, id=f"{self._posted}", channel=channel, avatar=self._avatar)
        channels.report(self._broker, replace(CHANNEL, name=channel))
        post(self._broker, self._uploads, job)
        return job

    def _rendered(self, posted: Sequence[Job]) -> int:
        """Return how many frames lie on the frames server, to a batch for each worker."""
        with self._frames.pipeline(transaction=False) as pipe:
            for job in posted:
                for chunk in range(chunks.count(job.frames)):
                    pipe.xlen(keys.frames(job.id, chunk))
            return BATCH_FRAMES * sum(map(int, pipe.execute()))

    def _end(self, job: Job) -> None:
        """Cancel the job; workers that render a chunk of it stop at its next batch."""
        jobs.move(self._broker, job, State.CANCELLED, 60)
        supply.forget(self._frames, job.id, range(chunks.count(job.frames)))


def _answers(client: Redis) -> bool:
    with suppress(RedisError):
        return bool(client.ping())
    return False


def is_met(rates: Rates, alone: float) -> bool:
    """Return whether the most workers give `GOAL` times what one gives `alone`, with nothing to wait for."""
    return all(rates[WORKERS[-1], count] >= GOAL * alone for count in JOBS)


def shown(rates: Rates, chunk_s: float) -> str:
    """Return the table as text: frames a second, and times those of one worker with nothing to wait for."""
    head = f"{'workers':>8}" + "".join(f"{f'{count} jobs':>16}" for count in JOBS) + "\n"
    alone = CHUNK_FRAMES / chunk_s
    lines = [
        f"{alive:8}" + "".join(f"{_cell(rates[alive, count], alone):>16}" for count in JOBS) + "\n"
        for alive in WORKERS
    ]
    ideal = f"Alone, with nothing to wait for, a worker would give {alone:.2f}.\n"
    return head + "".join(lines) + ideal + f"Goal: {WORKERS[-1]} workers give {GOAL:g} times one.\n"


def _cell(rate: float, alone: float) -> str:
    return f"{rate:.2f} ({rate / alone:.2f})"


if __name__ == "__main__":
    sys.exit(main())
