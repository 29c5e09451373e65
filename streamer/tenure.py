"""This streamer's hold on its channel: taken, renewed and let go, from a thread of its own.

Whoever holds the lease sends, and goes on sending while the broker cannot be reached. Whoever reads that it
has gone to another stops at once, and stands by.
"""

import logging
import os
import secrets
import socket
from dataclasses import dataclass
from threading import Event
from time import monotonic

from redis import Redis, RedisError

from streamer.counters import Counters
from streamer.outage import Outage
from streamer.watch import LEASE_S, NOBODYS, Watch
from wire import leases
from wire.channels import BEAT_S
from wire.leases import DeposedError, Lease

ANSWER_S = 0.5
"""How long the tick waits to hear whether the channel is still its own: longer costs viewers more than it may
save them."""

log = logging.getLogger(__name__)


@dataclass(slots=True, eq=False)
class Term:
    """One time that this streamer sends the channel: by the lease of `epoch`, 0 where it has none yet."""

    epoch: int


class Tenure:
    """Holds the channel's lease, or stands by for it."""

    def __init__(self, broker: Redis, channel: str, counters: Counters) -> None:
        """`broker` is a client that fails soon."""
        self._broker, self._channel, self._counters = broker, channel, counters
        self._name = f"{socket.gethostname()}-{os.getpid()}-{secrets.token_hex(2)}"
        self._watch = Watch()
        self._term: Term | None = None
        self._taken = Event()
        self._wanted, self._answered = Event(), Event()  # somebody waits for an answer; it is there
        self._outage = Outage(log, f"asking who sends channel {channel}")

    def run(self, stop: Event) -> None:
        """Renew the lease, or wait for it, until `stop`; then let it go. The body of a thread."""
        while not stop.is_set():
            if is_wanted := self._wanted.is_set():
                self._wanted.clear()
            try:
                self.ask()
            except Exception:
                log.exception("asking who sends failed, and goes on in %s s", BEAT_S)
            if is_wanted:
                self._answered.set()
            self._wanted.wait(BEAT_S)
        self._let_go()

    def wait(self, timeout_s: float) -> Term | None:
        """Return the present term; None if it does not come to one within `timeout_s`."""
        self._taken.wait(timeout_s)
        return self._term

    def holds(self, term: Term, has_stalled: bool) -> bool:
        """Return whether that term lasts, for all that is known.

        One that `has_stalled` has the thread ask first, and waits for it, but not for long: another may have
        taken over while it stood still.
        """
        if has_stalled:
            self._answered.clear()
            self._wanted.set()
            self._answered.wait(ANSWER_S)
        return self._term is term

    def ask(self) -> None:
        """Ask the broker once, and do as it says; one that cannot be reached changes nothing."""
        try:
            if self._term and self._term.epoch:
                leases.renew(self._broker, self._channel, self._name, self._term.epoch)
            else:
                self._look()
            self._outage.ended()
        except DeposedError as error:
            log.warning("channel %s is another's, this streamer stands by: %s", self._channel, error)
            self._term, self._watch = None, Watch(since_s=monotonic())
            self._taken.clear()
        except RedisError as error:
            self._outage.began(error)
            self._miss()

    def _look(self) -> None:
        before, lease = self._watch, leases.load(self._broker, self._channel)
        self._watch = before.look(lease, monotonic())
        if self._is_own(lease):
            leases.renew(self._broker, self._channel, self._name, lease.epoch)
            self._begin(lease.epoch)
        elif self._watch.may_take(monotonic()):
            self._take(lease)
        elif self._term and self._watch.has_moved(before):
            raise DeposedError(f"{lease.holder} sends it, epoch {lease.epoch}")
        elif not self._term and lease.holder and (before.seen is None or before.seen.epoch != lease.epoch):
            log.info("channel %s: stands by, %s sends it, epoch %d", self._channel, lease.holder, lease.epoch)

    def _is_own(self, lease: Lease) -> bool:
        """Return whether it was taken by a call whose answer was lost, or is nobody's while this one sends.

        What is sent without a lease lays it down by epoch 0, so that others hear of it at once.
        """
        return lease.holder == self._name or (self._term is not None and lease == NOBODYS)

    def _take(self, seen: Lease) -> None:
        epoch = self._watch.epoch + 1
        if not leases.take(self._broker, self._channel, self._name, seen, epoch):
            return
        if seen.holder:
            log.warning("channel %s: %s is not heard of for %s s", self._channel, seen.holder, LEASE_S)
            self._counters.takeovers += 1
        self._begin(epoch)

    def _miss(self) -> None:
        if self._term is None and self._watch == Watch():
            log.warning("channel %s is sent without a lease until the broker answers", self._channel)
            self._begin(0)
        self._watch = self._watch.miss(monotonic())

    def _begin(self, epoch: int) -> None:
        """Send by that epoch from now on; what is sent without a lease goes on by it."""
        if self._term:
            self._term.epoch = epoch
        else:
            self._term = Term(epoch)
        self._taken.set()

    def _let_go(self) -> None:
        if self._term:
            try:
                leases.release(self._broker, self._channel, self._name, self._term.epoch)
            except RedisError as error:
                log.warning("channel %s: its lease runs out by itself: %s", self._channel, error)
