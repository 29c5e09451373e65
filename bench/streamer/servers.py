"""The servers behind both sides."""

import subprocess
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

from demo import rtmp
from demo.redis import broker_command, server_path
from tests.system import free_ports


@contextmanager
def servers(folder: Path) -> Iterator[tuple[str, str]]:
    """Run Redis and, where it can be had, an RTMP server; yield their addresses."""
    redis_port, rtmp_port = free_ports(2)
    commands = [broker_command(server_path(), redis_port, folder)]
    server = rtmp.find()
    if server:
        file = folder / "nginx.conf"
        file.write_text(rtmp.config(server, rtmp_port, folder))
        commands.append([str(server.nginx), "-c", str(file)])
    with ExitStack() as stack:
        for command in commands:
            process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
            stack.callback(process.wait)
            stack.callback(process.terminate)
        time.sleep(0.5)
        yield f"redis://127.0.0.1:{redis_port}", f"rtmp://127.0.0.1:{rtmp_port}/live/b" if server else ""
