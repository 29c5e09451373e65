"""A real Redis, a real app on it, and workers and a streamer that are heard of there."""

import contextlib
import shutil
import subprocess
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from threading import Event

import pytest
from flask import Flask
from flask.testing import FlaskClient
from redis import Redis, RedisError

from app import create_app
from app.parts import KEY, UPLOADS_AT_ONCE, Parts
from demo.redis import server_path
from settings import Settings
from tests.app import sounds
from tests.app.clients import SLOW_HEADS, Dripped, drip
from tests.app.servers import served, streamed
from tests.app.waiting import wait_for
from tests.conftest import ANSWER_S, free_port
from wire import channels, connection, keys, workers
from wire.channels import Channel
from wire.workers import ROLES, Worker

LONGEST_S = 60.0
LARGEST_BYTES = 4 * 2**20
WAITING_MAX = 3
YEAR_S = 365 * 86400.0
SLOW_CLIENTS = 2 * (UPLOADS_AT_ONCE - 2)
"""Half of them send bodies: almost as many as one process reads at a time."""


@contextlib.contextmanager
def redis_server(folder: Path) -> Iterator[tuple[str, subprocess.Popen[bytes]]]:
    """A Redis of its own; yields its address and process."""
    port = free_port()
    command = [str(server_path()), "--port", str(port), "--dir", str(folder), "--save", ""]
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL)
    try:
        address = f"redis://127.0.0.1:{port}"
        wait_for(lambda: answers(address), "Redis to answer")
        yield address, process
    finally:
        process.kill()  # it may be frozen
        process.wait()


@pytest.fixture(scope="session")
def config(redis_address: str, tmp_path_factory: pytest.TempPathFactory) -> Settings:
    return settings_for(redis_address, tmp_path_factory.mktemp("live"))


def settings_for(redis_address: str, folder: Path) -> Settings:
    return Settings(
        broker_url=f"{redis_address}/0",
        frames_url=f"{redis_address}/1",
        uploads_folder=folder / "uploads",
        hls_folder=folder / "hls",
        upload_max_bytes=LARGEST_BYTES,
        upload_max_s=LONGEST_S,
        jobs_waiting_max=WAITING_MAX,
    )


@pytest.fixture(scope="session")
def whole_app(config: Settings) -> Iterator[Flask]:
    app = create_app(config)
    yield app
    app.extensions[KEY].prober.close()


@pytest.fixture
def app(whole_app: Flask, config: Settings, broker: Redis) -> Flask:
    """The app, with nothing posted and nobody alive."""
    assert broker.dbsize() == 0
    for folder in (config.uploads_folder, config.hls_folder):
        shutil.rmtree(folder, ignore_errors=True)
    return whole_app


@pytest.fixture
def parts(app: Flask) -> Parts:
    built = app.extensions[KEY]
    assert isinstance(built, Parts)
    return built


@dataclass(frozen=True)
class Hearts:
    """Who is alive. What was told once is heard for ever, so that no beat is late on a busy machine."""

    broker: Redis

    def begin(self, role: str) -> None:
        """Have a worker of the role."""
        workers.beat(self.broker, Worker(role, role, role), "test")
        self.broker.persist(keys.worker(role))

    def stop(self, role: str) -> None:
        """Have none any more."""
        workers.leave(self.broker, role, "test")

    def play(self, channel: str) -> None:
        """Have a streamer for the channel."""
        channels.report(self.broker, Channel(channel, "avatar", 250, 1280, 720, 0))
        self._heard(channel, YEAR_S)

    def fall_silent(self, channel: str) -> None:
        """Have had one until just now."""
        self._heard(channel, -channels.DEAD_S)

    def _heard(self, channel: str, from_now_s: float) -> None:
        at_ms = connection.now_ms(self.broker) + int(from_now_s * 1000)
        self.broker.hset(keys.channel(channel), "at_ms", at_ms)


def all_alive(broker: Redis) -> Hearts:
    """Have all that a job needs."""
    hearts = Hearts(broker)
    for role in ROLES:
        hearts.begin(role)
    hearts.play("main")
    return hearts


@pytest.fixture
def hearts(app: Flask, broker: Redis) -> Hearts:
    """All that a job needs is alive."""
    assert app
    return all_alive(broker)


@pytest.fixture
def nobody(app: Flask) -> FlaskClient:
    """A client while neither workers nor a streamer live."""
    return app.test_client()


@pytest.fixture
def client(app: Flask, hearts: Hearts) -> FlaskClient:
    """A client while all live."""
    assert hearts
    return app.test_client()


@pytest.fixture(scope="session")
def sound_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("sounds")
    sounds.make_all(folder)
    return folder


@pytest.fixture(scope="session")
def wav(sound_folder: Path) -> bytes:
    return (sound_folder / "speech.wav").read_bytes()


@dataclass
class Live:
    """The API under its real server, all alive, on a Redis of its own, with a stream."""

    url: str
    config: Settings
    broker: Redis
    hearts: Hearts
    stream: subprocess.Popen[bytes]


@pytest.fixture(scope="session")
def live(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Live]:
    folder = tmp_path_factory.mktemp("served")
    with redis_server(folder) as (address, _):
        config = settings_for(address, folder)
        broker = connection.broker(config.broker_url, ANSWER_S)
        folder = config.hls_folder / config.channel
        with streamed(folder) as stream, served(config) as url:
            yield Live(url, config, broker, all_alive(broker), stream)


@pytest.fixture(scope="session")
def slow(live: Live) -> Iterator[list[Future[Dripped]]]:
    """Clients that drip: half of them a body, half of them a head. They go on while other tests run."""
    stop, known = Event(), count_uploads(live)
    with ThreadPoolExecutor(SLOW_CLIENTS) as threads:
        dripping = [threads.submit(drip, live.url, SLOW_HEADS[n % 2], stop) for n in range(SLOW_CLIENTS)]
        wait_for(lambda: count_uploads(live) == known + SLOW_CLIENTS // 2, "the slow uploads to begin")
        yield dripping
        stop.set()


def count_uploads(live: Live) -> int:
    return len(list(live.config.uploads_folder.glob("*")))


def answers(address: str) -> bool:
    with contextlib.suppress(RedisError):
        return bool(connection.broker(f"{address}/0", 1.0).ping())
    return False
