"""Log lines never hold anybody up."""

import subprocess
import sys

from streamer.logs import LAST_LINES_S

SCRIPT = """
import logging
from streamer import logs
from streamer.logs import log_aside
logs.LAST_LINES_S = {patience_s}
with log_aside("streamer"):
    for n in range({lines}):
        logging.getLogger("x").info("line %d %s", n, "x" * 200)
print("sent", flush=True)
"""


def shouting(lines: int, stderr: int, patience_s: float) -> "subprocess.Popen[str]":
    command = [sys.executable, "-c", SCRIPT.format(lines=lines, patience_s=patience_s)]
    return subprocess.Popen(command, stdout=subprocess.PIPE, stderr=stderr, text=True)


def test_lines_come_out_in_order_in_the_format_of_all_processes() -> None:
    _, text = shouting(20, subprocess.PIPE, 60.0).communicate(timeout=60)
    lines = text.splitlines()
    assert [line.split("line ")[1].split()[0] for line in lines] == [str(n) for n in range(20)]
    assert "INFO    streamer line 0 " in lines[0]


def test_reader_that_stands_still_holds_up_neither_the_lines_nor_the_end() -> None:
    # a million bytes, of which a pipe holds a sixteenth
    process = shouting(5000, subprocess.PIPE, LAST_LINES_S)
    try:
        assert process.stdout
        assert process.stdout.readline() == "sent\n"
        assert process.wait(60) == 0
    finally:
        process.kill()
        process.communicate()
