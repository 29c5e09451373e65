"""The RTMP server, fetched and run as the demo and the other tests do."""

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import av
import pytest

from demo import rtmp
from settings import Settings
from tests.conftest import free_port

FROZEN_S = 3
"""After this long nginx drops a publisher that sends nothing."""


@pytest.fixture(scope="module")
def server() -> rtmp.Rtmp:
    found = rtmp.find()
    if found is None:
        pytest.skip("no nginx with the rtmp module can be had here")
    return found


@pytest.fixture
def address(server: rtmp.Rtmp, tmp_path: Path) -> Iterator[str]:
    port = free_port()
    file = tmp_path / 'a "folder" with spaces' / "nginx.conf"
    file.parent.mkdir()
    file.write_text(rtmp.config(server, port, file.parent))
    process = subprocess.Popen([server.nginx, "-c", file])
    try:
        _wait_for(port, process)
        yield f"rtmp://127.0.0.1:{port}/live/main"
    finally:
        process.terminate()
        process.wait(timeout=60)


def _wait_for(port: int, process: subprocess.Popen[bytes]) -> None:
    while process.poll() is None:
        try:
            socket.create_connection(("127.0.0.1", port)).close()
            return
        except ConnectionRefusedError:
            time.sleep(0.01)


@contextmanager
def _publisher(address: str, color: str) -> Iterator[subprocess.Popen[bytes]]:
    command = [Settings().ffmpeg, "-v", "error", "-re", "-f", "lavfi", "-i", f"color={color}:s=64x64:r=25"]
    command += [
        "-f",
        "lavfi",
        "-i",
        "sine",
        "-c:v",
        "libx264",
        "-preset",
        "ultrafast",
        "-tune",
        "zerolatency",
    ]
    command += ["-g", "5", "-c:a", "aac", "-f", "flv", address]
    process = subprocess.Popen(command, stderr=subprocess.DEVNULL)
    try:
        yield process
    finally:
        process.kill()
        process.wait()


def _first_picture(address: str) -> float:
    """Return the mean brightness of the first picture that a viewer is sent."""
    with av.open(address, timeout=60) as stream:
        return float(next(stream.decode(video=0)).to_ndarray(format="gray").mean())


def test_viewer_receives_what_is_published(address: str) -> None:
    with _publisher(address, "white"):
        assert _first_picture(address) > 200


def test_frozen_publisher_makes_room_for_the_next(address: str) -> None:
    with _publisher(address, "black") as frozen:
        assert _first_picture(address) < 50
        frozen.send_signal(signal.SIGSTOP)
        assert _accepted_after(address) < 5 * FROZEN_S


def _accepted_after(address: str) -> float:
    start = time.monotonic()
    while time.monotonic() - start < 6 * FROZEN_S:
        with _publisher(address, "white") as process:
            try:
                process.wait(timeout=2)
            except subprocess.TimeoutExpired:
                return time.monotonic() - start
    return time.monotonic() - start


def test_server_is_one_process_so_that_killing_it_frees_the_port(server: rtmp.Rtmp, tmp_path: Path) -> None:
    port = free_port()
    file = tmp_path / "nginx.conf"
    file.write_text(rtmp.config(server, port, tmp_path))
    process = subprocess.Popen([server.nginx, "-c", file])
    _wait_for(port, process)
    children = Path(f"/proc/{process.pid}/task/{process.pid}/children").read_text()
    process.kill()
    process.wait()
    assert children == ""
    with pytest.raises(ConnectionRefusedError):
        socket.create_connection(("127.0.0.1", port))


def test_what_was_fetched_is_found_again_without_the_network(
    server: rtmp.Rtmp, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", "")
    assert rtmp.find() == server


def test_without_apt_get_there_is_none_and_the_reason_is_logged(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    if Path("/usr/lib/nginx/modules/ngx_rtmp_module.so").exists():
        pytest.skip("the system has nginx with the rtmp module")
    monkeypatch.setenv("PATH", "")
    assert rtmp.find(tmp_path / "nginx") is None
    assert "there is no apt-get" in caplog.text


def test_broken_download_is_a_reason_and_leaves_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    if Path("/usr/lib/nginx/modules/ngx_rtmp_module.so").exists():
        pytest.skip("the system has nginx with the rtmp module")
    tools = tmp_path / "tools"
    tools.mkdir()
    (tools / "apt-get").write_text("#!/bin/sh\necho 'E: no route to host' >&2; exit 100\n")
    (tools / "apt-get").chmod(0o755)
    monkeypatch.setenv("PATH", f"{tools}:{os.environ['PATH']}")
    assert rtmp.find(tmp_path / "var" / "nginx") is None
    assert "E: no route to host" in caplog.text
    assert list((tmp_path / "var").iterdir()) == []


def test_server_runs_by_hand_where_the_setting_says(server: rtmp.Rtmp) -> None:  # noqa: ARG001 - there is one
    address = f"rtmp://127.0.0.1:{free_port()}/own/main"
    command = [sys.executable, "-m", "demo.rtmp"]
    process = subprocess.Popen(command, cwd=rtmp.ROOT, env=os.environ | {"LIVE_RTMP_URL": address})
    try:
        _wait_for(int(address.split(":")[2].split("/")[0]), process)
        with _publisher(address, "white"):
            assert _first_picture(address) > 200
    finally:
        process.terminate()
        assert process.wait(timeout=60) == 0


def test_server_that_is_elsewhere_is_not_run_by_hand(monkeypatch: pytest.MonkeyPatch) -> None:
    elsewhere = Settings(rtmp_url="rtmp://live.example/app/SECRET")
    monkeypatch.setattr(rtmp, "settings", lambda: elsewhere)
    with pytest.raises(SystemExit, match="names no server on this host"):
        rtmp.main()
