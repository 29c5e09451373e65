"""Runs toy processes as the demo runs its own: `python -m tests.demo.toy FOLDER`, for tests that end it."""

import os
import sys
import time
from pathlib import Path

from demo.processes import Process, Stage
from demo.running import run
from settings import settings

# both are given their name and the folder; on TERM the first leaves a child behind that is not even of its
# process group
PROGRAM = """
setsid sleep 1000 &
trap 'echo "$1" >> "$2/ended"; exit 0' TERM
echo "pid $$"
echo $$ > "$2/$1.pid"
echo "$1" >> "$2/began"
while :; do sleep 0.1; done
"""

STUBBORN = """
trap '' TERM
echo "$1" >> "$2/began"
while :; do sleep 0.1; done
"""


def _process(name: str, stage: Stage, folder: Path, program: str = PROGRAM, stop_s: int = 30) -> Process:
    script = folder / f"{name}.sh"
    script.write_text(program)
    return Process(name, stage, ("sh", str(script), name, str(folder)), stop_s)


def main(folder: Path) -> int:
    (folder / "log").mkdir()
    processes = (
        _process("broker", Stage.SERVERS, folder),
        _process("prepare", Stage.WORKERS, folder),
        _process("render0", Stage.WORKERS, folder, STUBBORN, stop_s=1),
        _process("streamer", Stage.STREAMER, folder),
        _process("api", Stage.FRONT, folder),
    )
    return run(processes, settings(), folder, dict(os.environ), time.monotonic())


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1])))
