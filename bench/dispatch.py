"""What dispatch takes for each chunk that it hands out: `python -m bench.dispatch`.

Real passes on real Redis servers. Render workers and streamers are records only: their hearts beat for ever,
chunks are done in the order in which they were handed out, and air in theirs. Passes come by a timer, whether
there is something to hand out or not. So each is measured twice, with the chunks done that workers in real
time end from one to the next, and again with none: the difference is what these chunks cost.
"""

import argparse
import os
import statistics
import subprocess
import sys
import tempfile
import time
from bisect import insort
from collections import deque
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

from redis import Redis, RedisError

from bench.posting import post
from demo.redis import broker_command, frames_command, server_path
from settings import settings
from tests.bells import taken
from tests.system import free_ports
from wire import channels, chunks, jobs, keys, supply, workers
from wire.channels import Channel
from wire.chunks import Row, Stage
from wire.jobs import Job, State
from wire.media import FPS
from wire.workers import Worker
from workers import dispatch, stores
from workers.timers import PASS_S

CHANNELS = 4
CHANNEL = Channel("", "hash", 250, 1280, 720, 0)
JOB = Job("", "", State.RENDERING, 0, frames=30 * FPS, avatar="hash", avatar_frames=250)
SPEED = 1.0
"""Frames a second that each worker tells: so few that no lease ends while the air stands still."""
BUFFERED = 3
"""Chunks of a channel that are done and not yet aired: less than half a window holds."""
PASSES = 300
GOAL_MS = 2.0
CASES = [
    *((workers, jobs, "viseme") for jobs in (10, 1000) for workers in (1, 8, 64)),
    (64, 1000, "latentsync"),  # it hears half a minute around each chunk
]
"""How many workers, how many jobs over all channels, and their engine."""

Case = tuple[int, int, str]
Bell = tuple[str, str, int, int]
"""What a render worker is told: its queue, job, chunk, attempt."""


@dataclass(frozen=True, slots=True)
class Taken:
    """Milliseconds of a CPU that a pass took: in this process, and at the servers."""

    own: float
    servers: float

    @property
    def cpu(self) -> float:
        return self.own + self.servers


@dataclass(frozen=True, slots=True)
class Cost:
    """What passes took in one case: those in which `chunks` were handed out in all, and as many without."""

    case: Case
    chunks: int
    busy: Sequence[Taken]
    idle: Sequence[Taken]

    @property
    def own_ms(self) -> float:
        """Milliseconds of a CPU in this process for each chunk that was handed out."""
        return (sum(taken.own for taken in self.busy) - sum(taken.own for taken in self.idle)) / self.chunks

    @property
    def servers_ms(self) -> float:
        """Milliseconds of a CPU at the servers for each chunk that was handed out."""
        more = sum(taken.servers for taken in self.busy) - sum(taken.servers for taken in self.idle)
        return more / self.chunks

    @property
    def each_ms(self) -> float:
        """Milliseconds of a CPU for each chunk that was handed out."""
        return self.own_ms + self.servers_ms

    @property
    def whole_ms(self) -> float:
        """Milliseconds of a CPU for each chunk with its share of a pass that comes whether or not it does."""
        return sum(taken.cpu for taken in self.busy) / self.chunks


def main() -> int:
    """Run the measurement; return 0 if every case meets the goal."""
    parser = argparse.ArgumentParser(prog="python -m bench.dispatch", description="Dispatch's time a chunk.")
    parser.add_argument("passes", type=int, nargs="?", default=PASSES, help=f"a case; {PASSES} by default")
    passes = parser.parse_args().passes
    with tempfile.TemporaryDirectory() as name, servers(Path(name)) as pids:
        costs = [measure(case, passes, pids) for case in CASES]
    sys.stdout.write(shown(costs))
    return 0 if all(cost.each_ms < GOAL_MS for cost in costs) else 1


@contextmanager
def servers(folder: Path) -> Iterator[list[int]]:
    """Run a broker and a frames server, and have this process use them, and `folder` for uploads; yield the
    servers' process ids."""
    ports, server = free_ports(2), server_path()
    commands = [broker_command(server, ports[0], folder), frames_command(server, ports[1], folder, 2**30)]
    addresses = [f"redis://127.0.0.1:{port}/0" for port in ports]
    os.environ["LIVE_BROKER_URL"], os.environ["LIVE_FRAMES_URL"] = addresses
    os.environ["LIVE_UPLOADS_FOLDER"] = str(folder / "uploads")
    pids = []
    with ExitStack() as stack:
        for command in commands:
            process = subprocess.Popen(command, stdout=subprocess.DEVNULL)
            stack.callback(process.wait)
            stack.callback(process.terminate)
            pids.append(process.pid)
        for client in (stores.broker(), stores.frames()):
            _await_answer(client)
        yield pids


def _await_answer(client: Redis) -> None:
    while True:
        try:
            client.ping()
            return
        except RedisError:
            time.sleep(0.02)


def measure(case: Case, passes: int, pids: Sequence[int]) -> Cost:
    """Run passes with so many workers alive and jobs queued, once every worker and window is full."""
    house = House(*case, pids)
    for _ in range(2 * case[0] + CHANNELS * BUFFERED):
        house.work()
        house.run_pass()
    before, busy, idle = house.rung, [], []
    for _ in range(passes):
        house.work()
        busy.append(house.run_pass())
        idle.append(house.run_pass())
    return Cost(case, house.rung - before, busy, idle)


def _cpu_ms(pids: Sequence[int]) -> float:
    """Return how long the processes' first threads were on a CPU, to a nanosecond."""
    return sum(int(Path(f"/proc/{pid}/schedstat").read_text().split()[0]) for pid in pids) / 1e6


class House:
    """Workers, jobs and channels, all as records; `rung` counts the chunks that were handed out."""

    def __init__(self, alive: int, queued: int, engine: str, pids: Sequence[int]) -> None:
        self._broker, self._frames = stores.broker(), stores.frames()
        self._broker.flushall()
        self._frames.flushall()
        self._queues = [f"gpu.h.{index}" for index in range(alive)]
        self._bells: deque[Bell] = deque()
        self._done: dict[str, list[tuple[str, int]]] = {f"c{number}": [] for number in range(CHANNELS)}
        self._posted = 0
        self._together = max(1, round(alive * PASS_S))
        self._pids = pids
        self.rung = 0
        for queue in self._queues:
            workers.beat(self._broker, Worker(queue, "render", queue, "cpu", engine, SPEED), queue)
            self._broker.persist(keys.worker(queue))
        for name in self._done:
            channels.report(self._broker, replace(CHANNEL, name=name))
        for number in range(queued):
            self._post(f"c{number % CHANNELS}")

    def work(self) -> None:
        """Have chunks done as workers in real time end them from one pass to the next: one a second each.

        At least one: what a single worker of four times that speed ends.
        """
        for _ in range(min(self._together, len(self._bells))):
            self._do(*self._bells.popleft())

    def run_pass(self) -> Taken:
        """Run a pass."""
        servers_ms, own_ms = _cpu_ms(self._pids), time.process_time() * 1000
        dispatch.run_pass()
        own_ms = time.process_time() * 1000 - own_ms
        servers_ms = _cpu_ms(self._pids) - servers_ms  # taken outermost: reading it takes time of its own
        self._hear()
        return Taken(own_ms, servers_ms)

    def _hear(self) -> None:
        for queue in self._queues:
            for job, chunk, attempt in taken(self._broker, queue):
                self._bells.append((queue, job, chunk, attempt))
                self.rung += 1

    def _do(self, queue: str, job_id: str, chunk: int, attempt: int) -> None:
        self._frames.xadd(keys.frames(job_id, chunk), {"head": "made"}, id="1-0")
        chunks.change(self._broker, job_id, chunk, Row(Stage.DONE, attempt, queue, 0), Stage.SENT)
        job = self._load(job_id)
        done = self._done[job.channel]
        insort(done, (job_id, chunk))
        if len(done) > BUFFERED and done[0] == self._next(job.channel):
            self._air(*done.pop(0))

    def _next(self, channel: str) -> tuple[str, int]:
        """Return which chunk airs next; those behind it may be done before it."""
        job = self._load(jobs.playlist(self._broker, channel)[0])
        return job.id, chunks.chunk_of(job.frames_aired)

    def _air(self, job_id: str, chunk: int) -> None:
        job = self._load(job_id)
        end = chunks.span(chunk, job.frames).stop
        jobs.move(self._broker, job, State.ON_AIR, settings().jobs_kept_s, frames_aired=end)
        supply.advance_fence(self._frames, job_id, chunk + 1, chunk)
        channels.report(self._broker, replace(CHANNEL, name=job.channel, position=job.position + end))
        if end == job.frames:
            jobs.move(self._broker, job, State.DONE, settings().jobs_kept_s)
            self._post(job.channel)

    def _load(self, job_id: str) -> Job:
        job = jobs.load(self._broker, job_id)
        assert job is not None
        return job

    def _post(self, channel: str) -> None:
        job = replace(JOB, id=f"{self._posted:05}", channel=channel)
        self._posted += 1
        post(self._broker, settings().uploads_folder, job)


def shown(costs: Sequence[Cost]) -> str:
    """Return the table as text, in milliseconds."""
    names = ("workers", "jobs", "engine", "CPU a chunk", "dispatch", "servers", "chunks", "with pass")
    head = "".join(f"{name:>12}" for name in (*names, "empty pass", "least", "most")) + "\n"
    return (
        head + "".join(map(_line, costs)) + f"Goal: under {GOAL_MS:.0f} ms of a CPU a chunk in each case.\n"
    )


def _line(cost: Cost) -> str:
    alive, queued, engine = cost.case
    empty = [taken.cpu for taken in cost.idle]
    chunk = (cost.each_ms, cost.own_ms, cost.servers_ms, cost.chunks / len(cost.busy), cost.whole_ms)
    figures = (*chunk, statistics.median(empty), min(empty), max(empty))
    return f"{alive:12}{queued:12}{engine:>12}{''.join(f'{figure:12.2f}' for figure in figures)}\n"


if __name__ == "__main__":
    sys.exit(main())
