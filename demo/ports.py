"""The ports that the demo needs, and what to do where one is taken. Pure but for `is_free`."""

import socket
from collections.abc import Callable
from dataclasses import dataclass
from urllib.parse import urlsplit

from demo.processes import REDIS_PORT, RTMP_PORT, local_port, local_rtmp
from settings import Settings


@dataclass(frozen=True, slots=True)
class Port:
    """A TCP port that one of our servers opens; `move` is a setting that has it open another."""

    number: int
    use: str
    move: str


def needed(settings: Settings) -> tuple[Port, ...]:
    """Return the ports that the demo's servers open: those on this host."""
    urls = [
        ("LIVE_BROKER_URL", settings.broker_url, REDIS_PORT, "the broker Redis"),
        ("LIVE_FRAMES_URL", settings.frames_url, REDIS_PORT, "the frames Redis"),
        ("LIVE_RTMP_URL", local_rtmp(settings), RTMP_PORT, "the RTMP server"),
    ]
    return (
        Port(settings.api_port, "the HTTP API", f"LIVE_API_PORT={settings.api_port + 1}"),
        Port(settings.flower_port, "Flower", f"LIVE_FLOWER_PORT={settings.flower_port + 1}"),
        *(
            Port(port, use, f"{name}={_moved(url, port + 1)}")
            for name, url, default, use in urls
            if (port := local_port(url, default))
        ),
    )


def _moved(url: str, port: int) -> str:
    parts = urlsplit(url)
    return parts._replace(netloc=f"{parts.hostname}:{port}").geturl()


def problems(ports: tuple[Port, ...], is_free: Callable[[int], bool]) -> list[str]:
    """Return a sentence for each port that is taken, or wanted twice."""
    sentences, uses = [], dict[int, str]()
    for port in ports:
        if other := uses.get(port.number):
            sentences.append(
                f"Port {port.number} is wanted by {other} and by {port.use}: move one, {_how(port)}."
            )
        elif not is_free(port.number):
            sentences.append(
                f"Port {port.number}, for {port.use}, is taken by another program: "
                f"stop that, or move ours, {_how(port)}."
            )
        uses[port.number] = port.use
    return sentences


def _how(port: Port) -> str:
    return f"for example with `{port.move} make demo`"


def is_free(port: int) -> bool:
    """Return whether a server may open `port` on this host now."""
    with socket.socket() as probe:
        probe.setsockopt(
            socket.SOL_SOCKET, socket.SO_REUSEADDR, 1
        )  # as servers do: closed a moment ago is free
        try:
            probe.bind(("", port))
        except OSError:
            return False
    return True
