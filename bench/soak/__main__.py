"""`python -m bench.soak`: prints what was found, and exits with 1 where a goal is missed."""

import argparse
import sys
import tempfile
from pathlib import Path

from bench.soak.goals import fairness, goals
from bench.soak.plan import blows, posts
from bench.soak.report import shown
from bench.soak.run import soak
from tests.made_up import made_up

HOURS = 1.0
JOBS_KEPT_S = 300
"""Short, so that the broker comes to know as many jobs that ended as it ever will while it gets warm."""


def main() -> int:
    """Run the soak; return 0 if every goal is met."""
    parser = argparse.ArgumentParser(prog="python -m bench.soak", description="Hours of jobs and blows.")
    parser.add_argument("hours", type=float, nargs="?", default=HOURS, help=f"{HOURS:g} by default")
    parser.add_argument("--seed", type=int, default=1, help="what is drawn by lot depends on it alone")
    parser.add_argument("--calm", action="store_true", help="break nothing")
    asked = parser.parse_args()
    seconds = asked.hours * 3600
    dealt = [] if asked.calm else list(blows(asked.seed, seconds))
    kept = {"LIVE_JOBS_KEPT_S": str(JOBS_KEPT_S)}
    with tempfile.TemporaryDirectory() as folder, made_up(Path(folder), **kept) as system:
        found = soak(system, list(posts(asked.seed, seconds)), dealt, seconds, asked.seed)
        sys.stdout.write(shown(found))
    return 0 if all(goal.is_met for goal in (*goals(found), fairness(found))) else 1


if __name__ == "__main__":
    sys.exit(main())
