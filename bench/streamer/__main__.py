"""`python -m bench.streamer`: prints the table, and exits with 1 where the goal is missed."""

import argparse
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

from bench.streamer.bare import Bare
from bench.streamer.measuring import Cost, TooBusyError
from bench.streamer.ours import Ours
from bench.streamer.scene import make_scene
from bench.streamer.servers import servers
from bench.streamer.table import GOAL, HEAD, Row, is_met, line, row

SIZES = {"720p": (1280, 720), "1080p": (1920, 1080)}
ROUNDS = 3
TRIES = 5


def main() -> int:
    """Run the measurement and print it; return 0 if the goal is met."""
    parser = argparse.ArgumentParser(
        prog="python -m bench.streamer", description="CPU for a second of stream."
    )
    parser.add_argument("rounds", type=int, nargs="?", default=ROUNDS, help=f"{ROUNDS} by default")
    rounds = parser.parse_args().rounds
    _print("CPU seconds for a second of stream; medians, and the ratio's spread")
    _print(HEAD)
    rows = []
    for name, size in SIZES.items():
        _print(name)
        for measured in _measure(size, rounds):
            _print(line(measured))
            rows.append(measured)
    _print(f"Goal: a ratio of {GOAL} or less.")
    return 0 if is_met(rows) else 1


def _measure(size: tuple[int, int], rounds: int) -> Iterator[Row]:
    with tempfile.TemporaryDirectory() as name, servers(Path(name)) as (redis_url, rtmp_url):
        scene, folder = make_scene(*size), Path(name)
        bare, ours = Bare(scene, folder, rtmp_url), Ours(scene, folder, redis_url, rtmp_url)
        for speaks in (False, True):
            pairs = [_pair(bare, ours, speaks) for _ in range(rounds)]
            yield row("speech" if speaks else "idle", pairs)


def _pair(bare: Bare, ours: Ours, speaks: bool) -> tuple[Cost, Cost]:
    for _ in range(TRIES):
        try:
            return bare.cost(speaks), ours.cost(speaks)
        except TooBusyError:
            _print("a round is thrown away: the machine was too busy for real time")
    sys.exit("This machine is too busy, or too slow, to compare.")


def _print(text: str) -> None:
    sys.stdout.write(text + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main())
