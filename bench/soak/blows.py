"""Dealing blows to a running system."""

import os
import signal
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from random import Random

from celery import Celery

from bench.process import PUSHER, program
from bench.soak.counting import Trouble
from bench.soak.plan import Blow
from tests.system import System
from wire import chunks, connection, jobs

FROZEN_S = 2.0
TIMEOUT_S = 5.0


def deal(system: System, blow: Blow, lot: Random) -> Trouble:
    """Break a part, and mend it if it does not mend itself; `lot` chooses among several."""
    began_s = time.monotonic()
    _BLOWS[blow](system, lot)
    return Trouble(str(blow), began_s, time.monotonic(), blow.cuts)


def _restart(name: str) -> Callable[[System, Random], None]:
    def restart(system: System, _: Random) -> None:
        system.kill_all_of(name)
        system.start(name)

    return restart


def _freeze(name: str) -> Callable[[System, Random], None]:
    def freeze(system: System, _: Random) -> None:
        system.freeze(name)
        time.sleep(FROZEN_S)
        system.thaw(name)

    return freeze


def _kill_child(name: str, of: str) -> Callable[[System, Random], None]:
    def kill(system: System, lot: Random) -> None:
        children = [pid for pid in system.children(name) if of in program(pid)]
        if children:
            with suppress(ProcessLookupError):
                os.kill(lot.choice(children), signal.SIGKILL)

    return kill


def _ring_again(system: System, _: Random) -> None:
    """Send again what render workers were sent for the chunks that are under way."""
    url = system.environment["LIVE_BROKER_URL"]
    with connection.broker(url, TIMEOUT_S) as broker, Celery(broker=url) as celery:
        for job_id in jobs.playlist(broker, "main"):
            for chunk, row in chunks.table(broker, job_id).items():
                celery.send_task("workers.render", args=(job_id, chunk, row.attempt), queue=row.worker)


_BLOWS: Mapping[Blow, Callable[[System, Random], None]] = {
    Blow.RENDERER: _kill_child("render0", ""),
    Blow.WORKER: _restart("render0"),
    Blow.DISPATCH: _restart("dispatch"),
    Blow.PREPARE: _restart("prepare"),
    Blow.BROKER: _restart("broker"),
    Blow.FRAMES: _restart("frames"),
    Blow.BROKER_FROZEN: _freeze("broker"),
    Blow.FRAMES_FROZEN: _freeze("frames"),
    Blow.FFMPEG: _kill_child("streamer", "ffmpeg"),
    Blow.PUSHER: _kill_child("streamer", PUSHER),
    Blow.RTMP: _restart("rtmp"),
    Blow.TWICE: _ring_again,
}
