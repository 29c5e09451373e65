"""`python -m demo`, which `make demo` runs once the environment is there: set up, check, run."""

import fcntl
import logging
import os
import socket
import subprocess
import sys
import time
from pathlib import Path
from typing import TextIO

from demo import checks, linux, ports, redis, rtmp
from demo.processes import RTMP_PORT, Process, Programs, all_processes, local_port, local_rtmp
from demo.running import run
from settings import Settings, settings

FOLDER = Path("var/demo")


def main() -> None:
    """Go on air until Ctrl-C, TERM or a closed terminal; end with one sentence for each thing in the way."""
    began = time.monotonic()
    logging.basicConfig(format="%(message)s", level=logging.INFO)
    chosen = settings()
    _stop_at(checks.problems(chosen, FOLDER))
    lock = _only_one()
    processes, chosen = _set_up(chosen)
    for name, clip in chosen.clips.items():
        _prepare(name, clip)
    environment = os.environ | {"LIVE_RTMP_URL": chosen.rtmp_url}
    status = run(processes, chosen, FOLDER, environment, began)
    lock.close()
    sys.exit(status)


def _only_one() -> TextIO:
    for name in ("broker", "frames", "log"):
        (FOLDER / name).mkdir(parents=True, exist_ok=True)
    lock = (FOLDER / "lock").open("w")
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        sys.exit("The demo runs already, from this folder: stop it with Ctrl-C where it was started.")
    return lock


def _set_up(chosen: Settings) -> tuple[tuple[Process, ...], Settings]:
    """Return what is to run, and the settings without RTMP where no server for it can be had."""
    here = local_rtmp(chosen)
    port = local_port(here, RTMP_PORT)
    server = rtmp.find() if port else None
    if port and not server:
        elsewhere = [url for url in chosen.rtmp_urls if not local_port(url, RTMP_PORT)]
        chosen = chosen.model_copy(update={"rtmp_url": " ".join(elsewhere)})
    _stop_at(ports.problems(ports.needed(chosen), ports.is_free))
    if port and server:
        rtmp.write_config(server, here, port, FOLDER.absolute())
    programs = Programs(Path(sys.executable), redis.server_path(), server.nginx if server else None)
    return all_processes(chosen, programs, FOLDER.absolute(), _short_host_name()), chosen


def _short_host_name() -> str:
    return socket.gethostname().split(".")[0]


def _stop_at(problems: list[str]) -> None:
    if problems:
        sys.exit("\n".join(problems))


def _prepare(name: str, clip: Path) -> None:
    """Prepare the avatar, or find that it is; with its progress bar, on this terminal."""
    command = linux.ending_with_parent([sys.executable, "-m", "avatars", "prepare", str(clip)])
    if subprocess.run(command, check=False).returncode:
        sys.exit(f"The avatar {clip} could not be prepared: see above. {name} names another clip.")


if __name__ == "__main__":
    try:
        main()
    except KeyboardInterrupt:
        sys.exit(130)
    except redis.NoRedisServerError as error:
        sys.exit(str(error))
