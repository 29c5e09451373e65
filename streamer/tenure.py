"""This streamer's hold on its channel: taken, renewed and let go, from a thread of its own.

Whoever holds the lease sends, and goes on sending while the broker cannot be reached. Whoever reads that it
has gone to another stops at once, and stands by.
"""

import logging
import os
import secrets
import socket
from threading import Event, Lock
from time import monotonic

from redis import Redis, RedisError

from streamer.counters import Counters
from streamer.outage import Outage
from streamer.watch import LEASE_S, Watch
from wire import leases
from wire.channels import BEAT_S
from wire.leases import DeposedError

log = logging.getLogger(__name__)


class Tenure:
    """Holds the channel's lease, or stands by for it."""

    def __init__(self, broker: Redis, channel: str, counters: Counters) -> None:
        """`broker` is a client that fails soon."""
        self._broker, self._channel, self._counters = broker, channel, counters
        self._name = f"{socket.gethostname()}-{os.getpid()}-{secrets.token_hex(2)}"
        self._watch = Watch()
        self._epoch: int | None = None
        self._asking = Lock()
        self._taken = Event()
        self._outage = Outage(log, f"asking who sends channel {channel}")

    def run(self, stop: Event) -> None:
        """Renew the lease, or wait for it, until `stop`; then let it go. The body of a thread."""
        while not stop.is_set():
            try:
                self.ask()
            except Exception:
                log.exception("asking who sends failed, and goes on in %s s", BEAT_S)
            stop.wait(BEAT_S)
        self._let_go()

    def wait(self, timeout_s: float) -> int | None:
        """Return by which epoch the lease is held; None if it does not come to that within `timeout_s`."""
        self._taken.wait(timeout_s)
        return self._epoch

    def holds(self, epoch: int, has_stalled: bool) -> bool:
        """Return whether the lease is held by that epoch, for all that is known.

        One that `has_stalled` asks first: another may have taken over while it stood still.
        """
        if has_stalled:
            self.ask()
        return self._epoch == epoch

    def ask(self) -> None:
        """Ask the broker once, and do as it says; one that cannot be reached changes nothing."""
        with self._asking:
            try:
                if self._epoch is None:
                    self._look()
                else:
                    leases.renew(self._broker, self._channel, self._name, self._epoch)
                self._outage.ended()
            except DeposedError as error:
                log.warning("channel %s is another's, this streamer stands by: %s", self._channel, error)
                self._epoch, self._watch = None, Watch(since_s=monotonic())
                self._taken.clear()
            except RedisError as error:
                self._outage.began(error)
                self._miss()

    def _look(self) -> None:
        before = self._watch
        self._watch = before.look(leases.load(self._broker, self._channel), monotonic())
        if self._watch.may_take(monotonic()):
            self._take(self._watch)
        elif self._watch.seen.epoch != before.seen.epoch:
            holder, epoch = self._watch.seen.holder, self._watch.seen.epoch
            log.info("channel %s: stands by, %s sends it, epoch %d", self._channel, holder, epoch)

    def _take(self, watch: Watch) -> None:
        epoch = watch.epoch + 1
        if not leases.take(self._broker, self._channel, self._name, watch.seen, epoch):
            return
        if watch.seen.holder:
            log.warning("channel %s: %s is not heard of for %s s", self._channel, watch.seen.holder, LEASE_S)
            self._counters.takeovers += 1
        self._begin(epoch)

    def _miss(self) -> None:
        if self._epoch is None and self._watch == Watch():
            log.warning("channel %s is sent without a lease until the broker answers", self._channel)
            self._begin(0)
        self._watch = self._watch.miss(monotonic())

    def _begin(self, epoch: int) -> None:
        self._epoch = epoch
        self._taken.set()

    def _let_go(self) -> None:
        if self._epoch is not None:
            try:
                leases.release(self._broker, self._channel, self._name, self._epoch)
            except RedisError as error:
                log.warning("channel %s: its lease runs out by itself: %s", self._channel, error)
