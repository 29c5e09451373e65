"""What a file is: honest sounds pass, all else is refused before it can do harm."""

import json
import os
import re
import socket
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from random import Random

import psutil
import pytest

from app.errors import NotAudioError, UnusableAudioError
from app.prober import PROGRAM, Prober
from tests.app import sounds
from tests.app.conftest import LONGEST_S
from tests.app.waiting import wait_for

NOISE = Random(1).randbytes(5000)
COST_S = 5.0
"""Processor time that a program takes for a file, start included: 0.7 s, and more on a busy machine."""


@pytest.fixture(scope="module")
def prober() -> Iterator[Prober]:
    prober = Prober(LONGEST_S)
    yield prober
    prober.close()


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "posted"


@pytest.mark.parametrize("name", [*sounds.GOOD, "film.mp4"])
def test_every_kind_that_is_served_passes_with_its_length(
    prober: Prober, sound_folder: Path, name: str
) -> None:
    assert prober.probe(sound_folder / name) == pytest.approx(sounds.SPEECH_S, abs=0.05)


@pytest.mark.parametrize(
    ("content", "seconds"),
    [
        (sounds.silence(1), 1.0),
        (sounds.silence(0.01), 0.01),
        (sounds.wav(b"\0\0"), 1 / sounds.RATE_HZ),
        (sounds.wav(bytes(16000), rate_hz=8_000), 1.0),
        (sounds.wav(bytes(192_000 * 2), rate_hz=192_000), 1.0),
        (sounds.wav(bytes(96_000 * 8), channels=8), 1.0),
        (sounds.wav(bytes(96_000), says=2**32 - 1), 1.0),
    ],
    ids=["silence", "0.01 s", "one sample", "8 kHz", "192 kHz", "8 channels", "recorded into a pipe"],
)
def test_what_is_unusual_but_sound_passes(prober: Prober, path: Path, content: bytes, seconds: float) -> None:
    path.write_bytes(content)
    assert prober.probe(path) == pytest.approx(seconds, abs=0.001)


@pytest.mark.parametrize("name", ["speech.wav", "speech.mp3", "opus.ogg", "speech.flac"])
@pytest.mark.parametrize("damage", ["cut", "broken"])
def test_a_file_that_begins_well_passes(
    prober: Prober, sound_folder: Path, path: Path, name: str, damage: str
) -> None:
    whole = (sound_folder / name).read_bytes()
    half = len(whole) // 2
    path.write_bytes(whole[:half] + (b"" if damage == "cut" else NOISE[:2000] + whole[half + 2000 :]))
    assert prober.probe(path) > 0


@pytest.mark.parametrize(
    ("content", "why"),
    [
        (sounds.wav(bytes(4000), rate_hz=1), "1 Hz"),
        (sounds.wav(bytes(4000), rate_hz=10**9), "1000000000 Hz"),
        (sounds.wav(bytes(7999 * 2), rate_hz=7_999), "7999 Hz"),
        (sounds.wav(bytes(96_000 * 9), channels=9), "9 channels"),
        (sounds.wav(bytes(64 * 96_000), channels=64), "64 channels"),
        (sounds.wav(bytes(8000 * 2 * 61), rate_hz=8_000), "61 s long; 60 s are allowed"),
        (sounds.wav(bytes(9000), code=0x2001), "coding"),
        (sounds.wav(b""), "no sound that can be decoded"),
        (sounds.wav(b"")[:30], "damaged"),
        (b"fLaC" + bytes(60), "damaged"),
        (b"ID3\x04\0\0\0\0\x02\x01" + bytes(300), "damaged"),
        (bytes(4) + b"ftypM4A " + bytes(500), "damaged"),
        (b"OggS" + NOISE, "damaged"),
    ],
)
def test_a_sound_that_cannot_be_used_is_refused_with_the_reason(
    prober: Prober, path: Path, content: bytes, why: str
) -> None:
    path.write_bytes(content)
    with pytest.raises(UnusableAudioError, match=why):
        prober.probe(path)


def test_a_header_that_tells_of_ten_hours_is_refused(prober: Prober, sound_folder: Path, path: Path) -> None:
    path.write_bytes(sounds.claim_hours((sound_folder / "speech.flac").read_bytes()))
    with pytest.raises(UnusableAudioError, match="36000 s long"):
        prober.probe(path)


@pytest.mark.parametrize("name", ["mute.mp4", "still.png", "speech.mkv", "speech.aac"])
def test_a_file_of_another_kind_is_no_audio(prober: Prober, sound_folder: Path, name: str) -> None:
    with pytest.raises(NotAudioError, match="WAV, MP3, M4A, OGG"):
        prober.probe(sound_folder / name)


def test_nothing_dressed_as_a_sound_makes_the_server_connect_or_read_another_file(
    prober: Prober, path: Path, wav: bytes
) -> None:
    other = path.with_name("other.wav")
    other.write_bytes(wav)
    with socket.create_server(("127.0.0.1", 0)) as trap:
        trap.setblocking(False)
        web = f"http://127.0.0.1:{trap.getsockname()[1]}/x.wav"
        for url in (web, str(other), f"file:{other}", "other.wav"):
            for _, content in sounds.dressed_up(url):
                path.write_bytes(content)
                with pytest.raises(NotAudioError):
                    prober.probe(path)
        with pytest.raises(BlockingIOError):
            trap.accept()


HOSTILE: dict[str, Callable[[Path], object]] = {
    "ogg marks": lambda path: path.write_bytes(b"OggS" * 2_000_000),
    "empty mp3 frames": lambda path: path.write_bytes(b"\xff\xfb\x90\x00" * 1_000_000),
    "ones": lambda path: path.write_bytes(b"\xff" * 4_000_000),
    "zeros": lambda path: path.write_bytes(bytes(4_000_000)),
    "table bomb": lambda path: path.write_bytes(sounds.table_bomb(50_000_000)),  # would take 1.8 GB
    "hollow wav": sounds.write_hollow_wav,
}


@pytest.mark.parametrize("write", HOSTILE.values(), ids=list(HOSTILE))
def test_a_hostile_file_costs_little_time_and_memory(path: Path, write: Callable[[Path], object]) -> None:
    write(path)
    command = [sys.executable, "-I", str(PROGRAM), str(LONGEST_S)]
    process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    assert process.stdin
    assert process.stdout
    process.stdin.write(json.dumps(str(path)) + "\n")
    process.stdin.flush()
    answer = process.stdout.readline()  # empty if it died of the file, by its own limits
    peak = re.search(r"VmHWM:\s+(\d+) kB", Path(f"/proc/{process.pid}/status").read_text())
    process.stdin.close()
    _, status, used = os.wait4(process.pid, 0)
    process.returncode = status
    process.stdout.close()
    assert "length_s" not in answer
    assert used.ru_utime + used.ru_stime < COST_S
    assert not answer or (peak and int(peak[1]) < 150 * 2**10)


def test_a_process_that_dies_of_a_file_is_replaced(path: Path, wav: bytes) -> None:
    prober = Prober(LONGEST_S)
    first = {child.pid for child in psutil.Process().children()}
    sounds.write_hollow_wav(path)  # takes more processor time than there is
    with pytest.raises(UnusableAudioError, match="more time or memory"):
        prober.probe(path)
    path.write_bytes(wav)
    assert [prober.probe(path) for _ in range(3)] == [sounds.SPEECH_S] * 3
    assert {child.pid for child in psutil.Process().children()} != first
    prober.close()


def test_an_idle_process_that_died_costs_no_upload(path: Path, wav: bytes) -> None:
    before = set(psutil.Process().children())
    prober = Prober(LONGEST_S)
    path.write_bytes(wav)
    started = set(psutil.Process().children()) - before
    for child in started:
        child.kill()
    wait_for(lambda: all(c.status() == psutil.STATUS_ZOMBIE for c in started), "them to die")
    assert prober.probe(path) == sounds.SPEECH_S
    prober.close()


def test_closing_leaves_no_process() -> None:
    before = set(psutil.Process().children())
    prober = Prober(LONGEST_S)
    started = set(psutil.Process().children()) - before
    assert len(started) == 2
    prober.close()
    wait_for(lambda: not any(child.is_running() for child in started), "the processes to end")
