"""What a long job takes of memory: `python -m bench.memory [minutes]`, 30 by default, in real time.

An installation of its own speaks with the made-up engine, and each second tells what the two Redis servers
hold, and how much memory of its own (RssAnon) each process has, with those that it started. All of it should
be as much at the job's end as at its begin, and the frames server hold no more than the window.
"""

import argparse
import io
import statistics
import sys
import tempfile
import time
import wave
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from bench.process import rss_anon_mb
from settings import Settings
from tests.made_up import made_up
from tests.metering.marks import PATCH_CODE
from tests.system import System
from wire import connection
from wire.media import CONTEXT_FRAMES, FPS, MODEL_SAMPLES_PER_FRAME, SAMPLES_PER_FRAME

MINUTES = 30.0
WARM_S = 30.0
"""By then the window is full, and what is loaded or made once is there."""
SHARE = 5
"""The first and the last of so many parts of the time are compared."""
GROWTH, GROWTH_MB = 1.1, 4.0
"""What grows by less, as a factor or absolutely, is flat."""
OVERHEAD = 1.25
"""What Redis needs for its keys and allocations, beside what they hold."""
BEYOND_S = 2.0
"""A chunk that airs and one that is rendered lie beside the window."""
MB = 2**20
SOUND_HZ = 8000

Sample = Mapping[str, float]
"""Megabytes by name at one moment."""


@dataclass(frozen=True, slots=True)
class Row:
    """One server or process, in megabytes: medians of the first and the last part, and the peak."""

    name: str
    first: float
    last: float
    peak: float

    @property
    def is_flat(self) -> bool:
        return self.last <= max(self.first * GROWTH, self.first + GROWTH_MB)


def main() -> int:
    """Run the measurement; return 0 if all is flat, and the frames server within its bound."""
    parser = argparse.ArgumentParser(prog="python -m bench.memory", description="Memory over a long job.")
    parser.add_argument("minutes", type=float, nargs="?", default=MINUTES, help="how long the job is")
    seconds = parser.parse_args().minutes * 60
    with tempfile.TemporaryDirectory() as folder, made_up(Path(folder)) as system:
        rows = table(list(measure(system, seconds)))
    sys.stdout.write(shown(rows))
    return 0 if is_met(rows) else 1


def measure(system: System, seconds: float) -> Iterator[Sample]:
    """Speak for so long, and yield each second what is held, once the job is well on air."""
    answer = system.client.post(_sound(seconds))
    assert answer.status == 200, answer
    began = time.monotonic()
    while not system.client.is_over(answer.body["task_id"]):
        time.sleep(1)
        if WARM_S < time.monotonic() - began < seconds:
            yield {**_held(system), **_owned(system)}
    job = system.client.job(answer.body["task_id"])
    assert job["state"] == "done", job


def _sound(seconds: float) -> bytes:
    """Return a WAV file of silence, as small as can be."""
    with io.BytesIO() as file:
        with wave.open(file, "wb") as out:
            out.setparams((1, 1, SOUND_HZ, 0, "NONE", ""))
            out.writeframes(bytes([128]) * int(seconds * SOUND_HZ))
        return file.getvalue()


def _held(system: System) -> Sample:
    """Return what the Redis servers hold."""
    urls = {name: system.environment[f"LIVE_{name.upper()}_URL"] for name in ("broker", "frames")}
    return {f"{n}: held": connection.memory(connection.broker(url, 5.0))[0] / MB for n, url in urls.items()}


def _owned(system: System) -> Sample:
    """Return what each process has of memory that is its own, with those that it started."""
    return {name: sum(map(rss_anon_mb, pids)) for name, pids in system.pids().items()}


def bound_mb() -> float:
    """Return what the frames server may hold by the settings: the window's patches and sound, all in all."""
    patch = PATCH_CODE.width * PATCH_CODE.height * 3 / 2
    heard = 2 * MODEL_SAMPLES_PER_FRAME * (1 + 2 * CONTEXT_FRAMES / FPS)
    second = FPS * (
        patch + 2 * 2 * SAMPLES_PER_FRAME + heard
    )  # sound lies there for the engine, then with frames
    window = OVERHEAD * second * (Settings().window_s + BEYOND_S)
    return min(window, Settings().window_bytes) / MB


def table(samples: Sequence[Sample]) -> list[Row]:
    """Return a row for each name."""
    part = max(1, len(samples) // SHARE)
    return [_row(name, [sample[name] for sample in samples], part) for name in samples[0]]


def _row(name: str, values: Sequence[float], part: int) -> Row:
    return Row(name, statistics.median(values[:part]), statistics.median(values[-part:]), max(values))


def is_met(rows: Sequence[Row]) -> bool:
    """Return whether nothing grew, and the frames server held no more than it may."""
    return all(row.is_flat and (row.name != "frames: held" or row.peak <= bound_mb()) for row in rows)


def shown(rows: Sequence[Row]) -> str:
    """Return the table as text."""
    head = f"{'MB':20}{'first fifth':>14}{'last fifth':>14}{'peak':>10}\n"
    lines = [f"{row.name:20}{row.first:14.1f}{row.last:14.1f}{row.peak:10.1f}\n" for row in rows]
    return head + "".join(lines) + f"The window may hold {bound_mb():.1f} MB on the frames server.\n"


if __name__ == "__main__":
    sys.exit(main())
