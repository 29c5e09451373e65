"""What a dispatch worker does by the clock, each round in a thread of its own: none holds up a pass."""

import logging
import time
from collections.abc import Callable, Sequence
from threading import Event, Thread

from redis import RedisError

from settings import settings
from workers import housekeeping, stores
from workers.dispatch import run_pass
from workers.expiry import expire
from workers.overdue import look_after_all

log = logging.getLogger(__name__)

Chore = Callable[[], None]

PASS_S = 0.25
"""A pass runs so often, in every dispatch worker, and hands out all that became possible: a chunk that ends
well needs no ring, for its worker has another meanwhile. Rings are for what shall not wait. A heart that
stopped is known after 2 s (`wire.workers.DEAD_S`); what was lost with it is to run elsewhere within 3 s."""
EXPIRY_S = 0.5
SWEEP_S = 5.0


def start(stop: Event) -> None:
    """Start the timers; they end soon after `stop` is set."""
    for every_s, chores in TIMERS:
        Thread(target=repeat, args=(every_s, chores, stop), name=f"each {every_s} s", daemon=True).start()


def repeat(every_s: float, chores: Sequence[Chore], stop: Event) -> None:
    """Do the chores every `every_s` seconds until `stop`.

    What takes longer is followed at once by the next round, and none is made up for.
    """
    due_s = time.monotonic() + every_s
    while not stop.wait(due_s - time.monotonic()):
        for chore in chores:
            _try(chore)
        due_s = max(due_s + every_s, time.monotonic())


def _try(chore: Chore) -> None:
    """Do a chore; one that fails keeps no other from being done."""
    try:
        chore()
    except RedisError as error:
        log.warning("%s failed (%s); again soon", chore.__name__, error)
    except Exception:
        log.exception("%s failed; again soon", chore.__name__)


def _expire() -> None:
    expire(stores.broker(), stores.frames(), settings().uploads_folder, settings().jobs_kept_s)


def _sweep() -> None:
    housekeeping.sweep(stores.broker(), stores.frames(), settings().uploads_folder, settings().jobs_kept_s)


def _forget_queues() -> None:
    housekeeping.forget_queues(stores.broker())


def _look_after() -> None:
    look_after_all(stores.broker(), settings().uploads_folder, settings().jobs_kept_s)


TIMERS = ((PASS_S, (run_pass,)), (EXPIRY_S, (_expire,)), (SWEEP_S, (_sweep, _forget_queues, _look_after)))
