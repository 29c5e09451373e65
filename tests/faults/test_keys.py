"""When jobs have ended, the servers hold what docs/formats.md says that stays, and no more."""

import re

from redis import Redis

from tests.faults.verdict import broker, frames
from tests.metering.chirps import speech, wav
from tests.system import System

OF_CELERY = r"unacked(_index|_mutex)?|_kombu\..+|.+\.reply\.celery\.pidbox"
STAYS = {
    r"(counters|gauges|pushing):.+": True,
    r"jobs|workers|channels|tallies|dispatch:turn|(channel|lease|targets):[a-z0-9-]+": False,
    r"job:[0-9a-f]{32}": True,
    r"worker:.+": True,
    OF_CELERY: False,
}
"""Each kind of key on the broker, and whether it ends by itself."""


def test_servers_hold_no_more_than_is_documented_when_jobs_have_ended(system: System) -> None:
    ids = [system.client.speak(wav(speech(seed, seconds=0.6))) for seed in (71, 72)]
    system.await_that(lambda: all(map(system.client.is_over, ids)), "spoken")
    system.await_that(lambda: not strays(broker(system), STAYS), "cleared", 20)
    system.await_that(lambda: not strays(frames(system), {r"fence:[0-9a-f]{32}": True}), "cleared", 20)


def strays(client: Redis, stays: dict[str, bool]) -> list[str]:
    """Return the keys that are of no kind that stays, or have no end where they should."""
    found = []
    for raw in client.scan_iter(count=1000):
        key = raw.decode() if isinstance(raw, bytes) else str(raw)
        ends = [ends for kind, ends in stays.items() if re.fullmatch(kind, key)]
        if not ends or (ends[0] and client.ttl(key) < 0):
            found.append(key)
    return found
