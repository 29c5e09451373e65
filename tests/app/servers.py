"""The API under its real server, and a stream to play."""

import contextlib
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from urllib.error import URLError
from urllib.request import urlopen

from imageio_ffmpeg import get_ffmpeg_exe

from settings import PREFIX, Settings
from tests.app.waiting import wait_for
from tests.conftest import free_port

ROOT = Path(__file__).parents[2]


@contextlib.contextmanager
def served(config: Settings) -> Iterator[str]:
    """Run the API on a free port; yields its address."""
    port = free_port()
    told = {name: str(value) for name, value in config.model_dump(exclude_defaults=True).items()}
    environment = {PREFIX + name.upper(): value for name, value in (told | {"api_port": str(port)}).items()}
    command = [sys.executable, "-m", "gunicorn", "-c", "app/gunicorn.py"]
    process = subprocess.Popen(command, cwd=ROOT, env=os.environ | environment)
    try:
        url = f"http://127.0.0.1:{port}"
        wait_for(lambda: _answers(url), "the API to answer")
        yield url
    finally:
        process.terminate()
        process.wait(60)


@contextlib.contextmanager
def streamed(folder: Path) -> Iterator[subprocess.Popen[bytes]]:
    """Write a live HLS stream to `folder`; yields the process that does."""
    folder.mkdir(parents=True, exist_ok=True)
    source = ["-re", "-f", "lavfi", "-i", "testsrc2=size=640x360:rate=25"]
    source += ["-re", "-f", "lavfi", "-i", "sine=300:sample_rate=48000"]
    video = ["-c:v", "libx264", "-preset", "ultrafast", "-tune", "zerolatency", "-pix_fmt", "yuv420p"]
    form = ["-g", "50", "-c:a", "aac", "-f", "hls", "-hls_time", "2", "-hls_list_size", "6"]
    form += ["-hls_flags", "delete_segments+temp_file"]
    command = [get_ffmpeg_exe(), "-v", "error", "-nostdin", *source, *video, *form, "index.m3u8"]
    process = subprocess.Popen(command, cwd=folder)
    try:
        yield process
    finally:
        process.kill()
        process.wait()


def _answers(url: str) -> bool:
    with contextlib.suppress(URLError, OSError), urlopen(f"{url}/health", timeout=2) as answer:
        return bool(answer.status == 200)
    return False
