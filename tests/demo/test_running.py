"""Running, stopping and ending badly, with toy processes under the real supervisor."""

import os
import re
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.conftest import free_port

NAMES = ["api", "broker", "prepare", "render0", "streamer"]
WAIT_S = 90.0


class Toy:
    """A running `tests.demo.toy`, and what it leaves."""

    def __init__(self, folder: Path, scratch: str) -> None:
        self.folder = folder
        environment = {"LIVE_API_PORT": str(free_port()), "TOY": str(folder), "TMPDIR": scratch}
        self.process = subprocess.Popen(
            [sys.executable, "-m", "tests.demo.toy", str(folder)],
            stdout=subprocess.PIPE,
            text=True,
            env=os.environ | environment,
        )

    def wait_until(self, true: Callable[[], bool]) -> None:
        give_up = time.monotonic() + WAIT_S
        while not true():
            assert time.monotonic() < give_up, "waited in vain"
            time.sleep(0.02)

    def noted(self, file: str) -> list[str]:
        """Return the names that the toy processes wrote when they began or ended."""
        path = self.folder / file
        return path.read_text().split() if path.exists() else []

    def pid_of(self, name: str) -> int:
        return int((self.folder / f"{name}.pid").read_text())

    def left(self) -> list[int]:
        """Return every process that is alive and of this toy, wherever it hangs in the tree."""
        mark = f"TOY={self.folder}".encode()
        return [int(entry.name) for entry in Path("/proc").glob("[0-9]*") if mark in _environment(entry)]

    def end(self) -> str:
        """Wait for its end; return its output."""
        return self.process.communicate(timeout=WAIT_S)[0]


def _environment(process: Path) -> list[bytes]:
    try:
        return (process / "environ").read_bytes().split(b"\0")
    except OSError:
        return []


@pytest.fixture
def toy(tmp_path: Path) -> Iterator[Toy]:
    folder = tmp_path / "a folder"
    folder.mkdir()
    scratch = tempfile.TemporaryDirectory()  # a killed one leaves its own behind
    running = Toy(folder, scratch.name)
    try:
        running.wait_until(lambda: sorted(running.noted("began")) == NAMES)
        yield running
    finally:
        for pid in running.left():
            os.kill(pid, signal.SIGKILL)
        running.process.wait()
        scratch.cleanup()


def test_interrupts_stop_in_order_and_leave_no_process(toy: Toy) -> None:
    toy.process.send_signal(signal.SIGINT)
    toy.wait_until(lambda: "api" in toy.noted("ended"))
    toy.process.send_signal(signal.SIGINT)
    output = toy.end()
    assert toy.noted("ended") == ["api", "streamer", "prepare", "broker"]  # render0 obeyed no TERM
    assert toy.left() == []
    assert toy.process.returncode == 0
    assert "Stopping" in output
    assert output.rstrip().endswith("Stopped.")


def test_closed_output_stops_everything(toy: Toy) -> None:
    assert toy.process.stdout
    toy.process.stdout.close()
    os.kill(toy.pid_of("api"), signal.SIGKILL)  # so that there is a line to write
    toy.process.wait(timeout=WAIT_S)
    assert toy.left() == []


def test_killed_demo_leaves_no_supervised_process(toy: Toy) -> None:
    toy.process.kill()
    toy.wait_until(lambda: sorted(toy.noted("ended")) == ["api", "broker", "prepare", "streamer"])


def test_killed_supervisor_ends_the_demo_and_leaves_no_process(toy: Toy) -> None:
    os.kill(int((toy.folder / "supervisord.pid").read_text()), signal.SIGKILL)
    output = toy.end()
    assert "The supervisor has ended" in output
    assert toy.process.returncode == 1
    assert toy.left() == []


def test_killed_process_comes_back_and_the_terminal_tells(toy: Toy) -> None:
    os.kill(toy.pid_of("streamer"), signal.SIGKILL)
    toy.wait_until(lambda: toy.noted("began").count("streamer") == 2)
    toy.process.send_signal(signal.SIGHUP)  # as when the terminal is closed
    output = toy.end()
    assert toy.left() == []
    assert re.search(r"supervisor \| .*exited: streamer \(terminated by SIGKILL", output)
    assert len(re.findall(r"^ *streamer \| pid \d+$", output, re.MULTILINE)) == 2
