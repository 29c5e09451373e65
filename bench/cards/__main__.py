"""`python -m bench.cards`: frames a second of 1, 2, … cards over 1, 2, 4 jobs, and a worker under kill -9.

Workers, dispatch and servers are real, the weights random; no streamer plays, and the window is lifted.
"""

import subprocess
import sys
import time
from pathlib import Path
from tempfile import TemporaryDirectory

import psutil

from bench.cards.rig import Rig, await_that, queue_of
from wire import chunks
from wire.chunks import Stage
from wire.media import CHUNK_FRAMES

JOBS = (1, 2, 4)
MEASURED_S = 12.0


def main() -> None:
    """Measure and print."""
    with TemporaryDirectory() as name, Rig(Path(name)) as rig:
        cards = count_cards()
        alone: dict[int, float] = {}
        for card in range(cards):
            ready_s = rig.start_worker(card)
            _print(f"card {card}: ready in {ready_s:.1f} s")
            rates = {count: rate(rig, count, card + 1) for count in JOBS}
            alone = alone or rates
            cells = [
                f"{count} jobs {rates[count]:6.1f} ({rates[count] / alone[count]:.2f})" for count in JOBS
            ]
            _print(f"{card + 1} cards, frames a second: {', '.join(cells)}")
        for card in range(cards):
            rig.end(queue_of(card))
        _print(crash(rig))


def count_cards() -> int:
    """Return how many cards there are; asked without CUDA, which a process that forks must not touch."""
    return len(_smi("index").splitlines())


def rate(rig: Rig, count: int, cards: int) -> float:
    """Return how many frames a second are rendered of `count` jobs, once all `cards` are at work."""
    posted = [rig.post() for _ in range(count)]
    await_that(lambda: rig.rendered(posted) >= cards * CHUNK_FRAMES, "all cards are at work")
    began, before = time.monotonic(), rig.rendered(posted)
    time.sleep(MEASURED_S)
    done, took_s = rig.rendered(posted) - before, time.monotonic() - began
    for job in posted:
        rig.cancel(job)
    return done / took_s


def crash(rig: Rig) -> str:
    """Return what became of a worker whose rendering process was killed in a chunk."""
    queue, before = queue_of(0), used_mb()
    rig.start_worker(0)
    job = rig.post()
    await_that(lambda: rig.rendered([job]) > CHUNK_FRAMES, "it is at work")
    answered = sum(rig.answers_inspection() for _ in range(3))
    await_that(lambda: _runs(rig, job.id), "a chunk is under way")
    held = used_mb()
    (renders,) = psutil.Process(rig.pid(queue)).children()
    renders.kill()
    free_s = await_that(lambda: used_mb() - before < (held - before) / 10, "its memory is free")
    missed_s = await_that(lambda: not rig.is_alive(queue), "it is missed")
    back_s = await_that(lambda: rig.is_alive(queue), "it is back")
    rig.cancel(job)
    return (
        f"answered {answered} of 3 inspections while busy; killed in a chunk: {held - before} MB of the card "
        f"free {free_s:.2f} s later, at work again {free_s + missed_s + back_s:.1f} s later"
    )


def used_mb() -> int:
    """Return how much of the first card's memory is used."""
    return int(_smi("memory.used").splitlines()[0])


def _runs(rig: Rig, job_id: str) -> bool:
    return any(row.stage is Stage.RUNNING for row in chunks.table(rig.broker, job_id).values())


def _smi(field: str) -> str:
    asked = ["nvidia-smi", f"--query-gpu={field}", "--format=csv,noheader,nounits"]
    return subprocess.run(asked, capture_output=True, text=True, check=True).stdout


def _print(text: str) -> None:
    sys.stdout.write(text + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    main()
