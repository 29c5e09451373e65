"""How long from a POST of ten seconds of speech to its first frame at a player: `python -m bench.latency`.

Starts an installation of its own with the viseme engine and the demo avatar, posts again and again out of
idle, and prints when each stage was reached, in milliseconds since the POST was sent.

Where the speech begins in the received stream is told by its sound, not by its picture: its first batch
correlates with what was received at one place, to a sample, while the mouth may open late.
Sound and picture leave in one pipe with one clock, so the picture with that timestamp is the first spoken
one. The stages before are read from Redis every two milliseconds.
"""

import argparse
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from redis import Redis

from tests.e2e.mouth import read_sound
from tests.meter import Reader
from tests.metering.chirps import wav
from tests.metering.hearing import correlation
from tests.metering.recording import Recording
from tests.metering.stream import join
from tests.system import ROOT, System
from wire import chunks, connection, jobs, keys
from wire.chunks import Stage
from wire.jobs import State
from wire.media import AIR_RATE_HZ, BATCH_FRAMES, FPS, SAMPLES_PER_FRAME

SPEECH_S = 10
ONSET = BATCH_FRAMES * SAMPLES_PER_FRAME
"""So many samples of the speech are looked for: one batch, which comes whole even where others are late."""
POSTS = 10
GOAL_S = 1.0
LOOK_S = 0.002
IDLE_PICTURES = 2 * FPS
"""Received between two posts, so that each comes out of idle, at another place of the clip."""
OVER_S = 30.0

STAGES = {
    "answered": "POST answered",
    "prepared": "prepared",
    "sent": "first chunk handed out",
    "running": "render worker has it",
    "frames": "first batch in Redis",
    "done": "first chunk rendered",
    "on_air": "on air, by the streamer's report",
    "arrived": "first spoken picture at the reader",
    "decoded": "and decoded",
}


@dataclass(frozen=True, slots=True)
class Row:
    """One stage over all posts, in seconds since the POST was sent; `step_s` since the stage before."""

    stage: str
    p50_s: float
    min_s: float
    max_s: float
    step_s: float


def main() -> int:
    """Run the measurement; return 0 if the goal is met."""
    parser = argparse.ArgumentParser(
        prog="python -m bench.latency", description="POST to first spoken frame."
    )
    parser.add_argument("posts", type=int, nargs="?", default=POSTS, help=f"how many; {POSTS} by default")
    posts = parser.parse_args().posts
    with tempfile.TemporaryDirectory() as folder:
        rows = table(measure(Path(folder), posts))
    sys.stdout.write(shown(rows, posts))
    return 0 if rows[-1].p50_s < GOAL_S else 1


def measure(folder: Path, posts: int) -> list[dict[str, float]]:
    """Return for each post when each of `STAGES` was reached, in seconds since it was sent."""
    system = System(folder, {"LIVE_ENGINE": "viseme", "LIVE_AVATAR": str(ROOT / "assets/presenter.mp4")})
    prepare = [sys.executable, "-m", "avatars", "prepare"]
    subprocess.run(prepare, cwd=ROOT, env=system.environment, check=True, stdout=subprocess.DEVNULL)
    hello = read_sound(ROOT / "assets/hello.wav")
    # on to ten seconds backwards, so that no part of it comes twice
    speech = np.concatenate([hello, hello[::-1]])[: SPEECH_S * AIR_RATE_HZ]
    with system:
        return [_one(system, speech) for _ in range(posts)]


def _one(system: System, speech: NDArray[np.int16]) -> dict[str, float]:
    with Reader(system.rtmp_url) as reader:
        reader.wait_for(pictures=IDLE_PICTURES)
        posted = time.monotonic()
        job_id = system.client.speak(wav(speech))
        times = {"answered": time.monotonic(), **_watch(system, job_id)}
        system.await_that(lambda: system.client.is_over(job_id), "spoken", OVER_S)
    times |= _received(reader.recording, speech)
    return {stage: moment - posted for stage, moment in times.items()}


def _watch(system: System, job_id: str) -> dict[str, float]:
    """Return when the job reached each of the stages that Redis tells of."""
    broker = connection.broker(system.environment["LIVE_BROKER_URL"], 2.0)
    frames = connection.frames(system.environment["LIVE_FRAMES_URL"], 2.0)
    times: dict[str, float] = {}
    end = time.monotonic() + OVER_S
    while "on_air" not in times:
        if time.monotonic() > end:
            raise RuntimeError(f"job {job_id} is not on air after {OVER_S:.0f} s\n{system.tails()}")
        reached = _reached(broker, frames, job_id)
        times = {stage: time.monotonic() for stage in reached} | times
        time.sleep(LOOK_S)
    return times


def _reached(broker: Redis, frames: Redis, job_id: str) -> list[str]:
    job = jobs.load(broker, job_id)
    if job is None or job.state is State.FAILED:
        raise RuntimeError(f"job {job_id} failed: {job and job.error}")
    row = chunks.table(broker, job_id).get(0)
    on_air = job.state in (State.ON_AIR, State.DONE)
    reached = {
        "prepared": on_air or job.state is State.RENDERING,
        "sent": on_air or row is not None,
        "running": on_air or (row is not None and row.stage is not Stage.SENT),
        "frames": on_air or bool(frames.exists(keys.frames(job_id, 0))),
        "done": on_air or (row is not None and row.stage is Stage.DONE),
        "on_air": on_air,
    }
    return [stage for stage, is_reached in reached.items() if is_reached]


def _received(recording: Recording, speech: NDArray[np.int16]) -> dict[str, float]:
    """Return when the first spoken picture had come, and when it was decoded."""
    sound = join(list(recording.sounds()))
    alike = correlation(sound.samples, speech[:ONSET])
    start_s = sound.start_s + int(alike.argmax()) / AIR_RATE_HZ
    first = next(packet for packet in recording.video.packets if packet.pts_s > start_s - 0.5 / FPS)
    if alike.max() < 0.9:
        raise RuntimeError(f"the speech's start was not received: it correlates by {alike.max():.2f}")
    return {"arrived": first.arrival_s, "decoded": first.arrival_s + _decoding_s(recording, first.pts_s)}


def _decoding_s(recording: Recording, pts_s: float) -> float:
    """Return how long decoding the picture takes, which waits for nothing but itself."""
    began = time.monotonic()
    for _, at_s in recording.pictures():
        taken = time.monotonic() - began
        if at_s >= pts_s:
            return taken
        began = time.monotonic()
    return 0.0


def table(posts: Sequence[Mapping[str, float]]) -> list[Row]:
    """Return the stages in order, over all posts; a step is the median of the posts' own steps."""
    rows, before = [], dict.fromkeys(range(len(posts)), 0.0)
    for stage in STAGES:
        times = [post[stage] for post in posts]
        step = statistics.median(moment - before[i] for i, moment in enumerate(times))
        rows.append(Row(stage, statistics.median(times), min(times), max(times), step))
        before = dict(enumerate(times))
    return rows


def shown(rows: Sequence[Row], posts: int) -> str:
    """Return the table as text."""
    head = f"{posts} posts of {SPEECH_S} s of speech, out of idle; milliseconds since the POST was sent\n\n"
    lines = [f"{'':36}{'p50':>8}{'min':>8}{'max':>8}{'step':>8}\n"]
    lines += [
        f"{STAGES[row.stage]:36}"
        + "".join(f"{value * 1000:8.0f}" for value in (row.p50_s, row.min_s, row.max_s, row.step_s))
        + "\n"
        for row in rows
    ]
    goal = rows[-1].p50_s / GOAL_S
    return head + "".join(lines) + f"\np50 is {goal:.2f} of the {GOAL_S:.1f} s that are the goal\n"


if __name__ == "__main__":
    sys.exit(main())
