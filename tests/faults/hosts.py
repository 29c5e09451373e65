"""A second host: a network namespace of its own, with one link to this one that can be cut."""

import os
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Host:
    """The host `name`; commands run there by `run`. Over their link, this host is reached at `address`, and
    that one at `own_address`."""

    name: str
    address: str
    own_address: str

    @property
    def run(self) -> tuple[str, ...]:
        return ("ip", "netns", "exec", self.name)

    def cut(self) -> None:
        """Cut the link: what is sent over it from now on is lost, and nobody is told."""
        _ip("link", "set", self.name, "down")

    def mend(self) -> None:
        _ip("link", "set", self.name, "up")

    def mute(self) -> None:
        """Lose all that it sends from now on: nothing that is sent to it is answered, and nobody is told."""
        _ip("-n", self.name, "route", "add", "blackhole", f"{self.address}/32")

    def unmute(self) -> None:
        _ip("-n", self.name, "route", "delete", "blackhole", f"{self.address}/32")


def reason() -> str:
    """Return why there can be no second host here; empty if there can."""
    if os.geteuid() != 0:
        return "network namespaces need root"
    if shutil.which("ip") is None:
        return "there is no `ip`"
    try:
        with host():
            return ""
    except subprocess.CalledProcessError as error:
        return f"{' '.join(error.cmd)}: {error.stderr.strip()}"


@contextmanager
def host() -> Iterator[Host]:
    """A second host, linked to this one until the end."""
    name, net = _name(), f"10.213.{os.getpid() // 64 % 256}"
    first = os.getpid() % 64 * 4
    here, there = f"{net}.{first + 1}", f"{net}.{first + 2}"
    _ip("netns", "add", name)
    try:
        _ip("link", "add", name, "type", "veth", "peer", "name", "near", "netns", name)
        _ip("address", "add", f"{here}/30", "dev", name)
        _ip("link", "set", name, "up")
        for command in (("address", "add", f"{there}/30", "dev", "near"), ("link", "set", "near", "up")):
            _ip("-n", name, *command)
        yield Host(name, here, there)
    finally:
        with suppress(subprocess.CalledProcessError):  # there may be none; with its host it goes only later
            _ip("link", "delete", name)
        _ip("netns", "delete", name)


def _name() -> str:
    return f"far{os.getpid()}"


def _ip(*arguments: str) -> None:
    subprocess.run(["ip", *arguments], capture_output=True, text=True, check=True)
