"""A child process: its end is awaited while there is time, and never for longer."""

import subprocess
import sys
import time
from threading import Thread

import pytest

from streamer.child import BrokenPipe, Child, Stop
from tests.streamer.conftest import wait_until

READS = "import sys; sys.stdin.read(); print('end', flush=True)"
LINGERS = "import sys, time; print('on', flush=True); sys.stdin.read(); time.sleep(60)"
DEAF = "import os, time; os.close(0); print('on', flush=True); time.sleep(60)"


class Heard:
    """What a child wrote."""

    def __init__(self) -> None:
        self.text = ""

    def take(self, data: bytes) -> None:
        self.text += data.decode()


def child(program: str, stop: Stop, heard: Heard) -> Child:
    return Child("child", [sys.executable, "-c", program], stop, heard.take, lambda _: None)


def test_child_that_is_finished_ends_in_order_though_nothing_asks_to_stop() -> None:
    heard = Heard()
    with child(READS, Stop(), heard) as reads:
        reads.write(b"x")
        reads.finish()
    assert heard.text == "end\n"


def test_child_that_is_not_asked_to_end_is_killed() -> None:
    heard = Heard()
    with child(READS, Stop(), heard) as reads:
        reads.write(b"x")
    assert heard.text == ""


def test_cut_shortens_a_close_under_way() -> None:
    stop, heard = Stop(), Heard()
    lingers = child(LINGERS, stop, heard)
    wait_until(lambda: heard.text != "")
    stop.set()
    closing = Thread(target=lingers.__exit__, args=(None, None, None))
    closing.start()
    closing.join(0.3)
    assert closing.is_alive()
    stop.cut()
    closing.join(20)
    assert not closing.is_alive()


def test_child_that_cannot_be_killed_is_left_behind(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr("streamer.child.LEAVE_S", 0.2)
    kill, heard = subprocess.Popen.kill, Heard()
    monkeypatch.setattr(subprocess.Popen, "kill", lambda _: None)
    began = time.monotonic()
    with child(LINGERS, Stop(), heard) as held:
        wait_until(lambda: heard.text != "")
    assert time.monotonic() - began < 20
    assert f"process {held.pid}, cannot be killed" in caplog.text
    kill(held._process)
    held._process.wait()


def test_child_that_closes_its_input_and_lives_on_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("streamer.child.LEAVE_S", 0.2)
    heard = Heard()
    with child(DEAF, Stop(), heard) as deaf:
        wait_until(lambda: heard.text != "")
        with pytest.raises(BrokenPipe, match="closed its input"):
            deaf.write(b"x")
