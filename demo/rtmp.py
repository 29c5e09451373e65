"""The RTMP server: nginx with its rtmp module, the system's or one fetched with apt-get and no root.

`python -m demo.rtmp` runs it by hand.
"""

import logging
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from demo.processes import RTMP_PORT, local_port, local_rtmp
from settings import settings

ROOT = Path(__file__).resolve().parents[1]
FETCHED = ROOT / "var" / "nginx"
"""Where the fetched nginx is unpacked; deleting it has it fetched again."""

PACKAGES = ("nginx", "libnginx-mod-rtmp"), ("nginx-core", "libnginx-mod-rtmp")
"""Debian and Ubuntu from 23.04 keep the program in `nginx`, older Ubuntu in `nginx-core`."""

FETCH_TIMEOUT_S = 120

BY_HAND = ROOT / "var" / "rtmp"
"""Where the configuration lies of a server that is run by hand."""

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Rtmp:
    """An nginx that loads the rtmp module: both files fit each other."""

    nginx: Path
    module: Path


class UnavailableError(Exception):
    """No RTMP server can be had here; the text says why."""


def find(folder: Path = FETCHED) -> Rtmp | None:
    """Return an nginx with the rtmp module, fetched into `folder` if need be; else None, and log why."""
    try:
        return _first_working((Path("/"), folder)) or _fetch(folder)
    except UnavailableError as error:
        log.warning("No RTMP server (`sudo apt-get install nginx libnginx-mod-rtmp` gives one): %s", error)
        return None


def main() -> None:
    """Become the RTMP server that `LIVE_RTMP_URL` asks for; TERM and Ctrl-C end it."""
    logging.basicConfig(format="%(message)s")
    url = local_rtmp(settings())
    port = local_port(url, RTMP_PORT)
    if port is None:
        sys.exit("LIVE_RTMP_URL names no server on this host, so there is none to run.")
    server = find()
    if server is None:  # and the log says why
        sys.exit(1)
    BY_HAND.mkdir(parents=True, exist_ok=True)
    file = write_config(server, url, port, BY_HAND)
    os.execv(server.nginx, [str(server.nginx), "-c", str(file)])


def write_config(server: Rtmp, url: str, port: int, folder: Path) -> Path:
    """Write the configuration for streams sent to `url`, whose port is `port`; return the file."""
    file = folder / "nginx.conf"
    file.write_text(config(server, port, folder, application=url.split("/")[3]))
    return file


def config(server: Rtmp, port: int, folder: Path, application: str = "live") -> str:
    """Return the text of an nginx configuration: live RTMP, in the foreground, logs to stderr.

    Anyone may watch, but only this host may publish. `folder` holds the process id. Run it with
    `nginx -c <file of this text>`; TERM ends it at once.
    """
    return f"""\
load_module {_quoted(server.module)};
daemon off;
master_process off;  # one process: killed, it leaves no worker behind that keeps the port
pid {_quoted(folder / "nginx.pid")};
error_log stderr warn;
events {{ worker_connections 256; }}
rtmp {{
    access_log off;
    server {{
        listen {port};
        chunk_size 8192;
        application {application} {{
            live on;
            allow publish 127.0.0.1;
            deny publish all;
            # a publisher that froze or lost its line makes room for the next
            drop_idle_publisher 3s;
            # a viewer's first picture is whole, and sound starts with it
            wait_key on;
            wait_video on;
        }}
    }}
}}
"""


def _quoted(path: Path) -> str:
    return '"' + str(path).replace("\\", "\\\\").replace('"', '\\"') + '"'


def _first_working(roots: Iterable[Path]) -> Rtmp | None:
    for root in roots:
        server = Rtmp(root / "usr/sbin/nginx", root / "usr/lib/nginx/modules/ngx_rtmp_module.so")
        if server.nginx.exists() and server.module.exists() and _works(server):
            return server
    return None


def _works(server: Rtmp) -> bool:
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder, "nginx.conf")
        file.write_text(config(server, port=1935, folder=Path(folder)))
        test = subprocess.run([server.nginx, "-t", "-q", "-c", file], capture_output=True, check=False)
    return test.returncode == 0


def _fetch(folder: Path) -> Rtmp:
    for tool in ("apt-get", "dpkg"):
        if shutil.which(tool) is None:
            raise UnavailableError(f"nginx with the rtmp module is not installed, and there is no {tool}.")
    folder.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=folder.parent) as scratch:
        for packages in PACKAGES:
            unpacked = Path(scratch, packages[0])
            _unpack(packages, unpacked)
            if server := _first_working([unpacked]):
                _put(unpacked, folder)
                return Rtmp(*(folder / path.relative_to(unpacked) for path in (server.nginx, server.module)))
    raise UnavailableError("the nginx that apt-get offers does not load its rtmp module.")


def _put(unpacked: Path, folder: Path) -> None:
    """Move `unpacked` to `folder`, unless another process was quicker."""
    shutil.rmtree(folder, ignore_errors=True)
    try:
        unpacked.rename(folder)
    except OSError:
        if not folder.exists():
            raise


def _unpack(packages: Iterable[str], folder: Path) -> None:
    folder.mkdir()
    os.chmod(folder, 0o755)  # apt-get's own user may write nothing here, and need not
    try:
        _run(["apt-get", "download", *packages], folder)
    except UnavailableError:
        # no package lists, or old ones: read them anew into a place of our own, which needs no root
        own = [f"-oDir::State={folder}/state", f"-oDir::Cache={folder}/cache"]
        (folder / "state" / "lists" / "partial").mkdir(parents=True)
        _run(["apt-get", *own, "update"], folder)
        _run(["apt-get", *own, "download", *packages], folder)
    for package in folder.glob("*.deb"):
        _run(["dpkg", "-x", package.name, "."], folder)
        package.unlink()


def _run(command: list[str], folder: Path) -> None:
    name = " ".join(word for word in command[:4] if not word.startswith("-o"))
    try:
        done = subprocess.run(
            command, cwd=folder, capture_output=True, text=True, check=False, timeout=FETCH_TIMEOUT_S
        )
    except subprocess.TimeoutExpired:
        raise UnavailableError(f"`{name}` took over {FETCH_TIMEOUT_S} s.") from None
    if done.returncode:
        last = (done.stderr.strip().splitlines() or ["no reason given"])[-1]
        raise UnavailableError(f"`{name}` failed: {last}")


if __name__ == "__main__":
    main()
