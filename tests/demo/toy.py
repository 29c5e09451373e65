"""Runs toy processes as the demo runs its own: `python -m tests.demo.toy FOLDER`, for tests that end it."""

import os
import sys
import time
from pathlib import Path

from demo.processes import Process, Stage
from demo.running import run
from settings import settings

# on TERM it leaves a child behind that is not even of its process group
PROGRAM = """
setsid sleep 1000 &
trap 'echo {name} >> {folder}/ended; exit 0' TERM
echo "pid $$"
echo $$ > {folder}/{name}.pid
echo {name} >> {folder}/began
while :; do sleep 0.1; done
"""

STUBBORN = "trap '' TERM; echo {name} >> {folder}/began; while :; do sleep 0.1; done"


def _process(name: str, stage: Stage, folder: Path, program: str = PROGRAM) -> Process:
    script = folder / f"{name}.sh"
    script.write_text(program.format(name=name, folder=folder))
    return Process(name, stage, ("sh", str(script)), stop_s=1)


def main(folder: Path) -> int:
    (folder / "log").mkdir()
    processes = (
        _process("broker", Stage.SERVERS, folder),
        _process("prepare", Stage.WORKERS, folder),
        _process("render0", Stage.WORKERS, folder, STUBBORN),
        _process("streamer", Stage.STREAMER, folder),
        _process("api", Stage.FRONT, folder),
    )
    return run(processes, settings(), folder, dict(os.environ), time.monotonic())


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1])))
