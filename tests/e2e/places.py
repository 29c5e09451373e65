"""More places that a running system's stream goes to: RTMP servers beside its own, added as targets."""

import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from demo import rtmp
from tests.system import NoSystemError, System

WAIT_S = 30.0


@contextmanager
def another_server(port: int, folder: Path, run: tuple[str, ...] = ()) -> Iterator[None]:
    """One more RTMP server, killed at the end; `run` is what its command is run by."""
    server = rtmp.find()
    if server is None:
        raise NoSystemError("there is no RTMP server here")
    file = folder / "nginx.conf"
    everybody = rtmp.config(server, port, folder).replace("allow publish 127.0.0.1", "allow publish all")
    file.write_text(everybody)
    process = subprocess.Popen([*run, server.nginx, "-c", file], stderr=subprocess.DEVNULL)
    try:
        yield
    finally:
        process.kill()
        process.wait()


@contextmanager
def target(system: System, url: str) -> Iterator[str]:
    """One more target of the main channel, by its id."""
    added = system.client.add_target(url)
    try:
        yield added
    finally:
        system.client.remove_target(added)


def await_state(system: System, target: str, state: str) -> None:
    """Wait until the target of the main channel stands like that."""
    system.await_that(lambda: system.client.targets()[target]["state"] == state, f"{target} {state}", WAIT_S)
