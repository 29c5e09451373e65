"""One target kept served: a pusher process, fed by a thread of its own, and started anew when it fails."""

import logging
import sys
from collections.abc import Sequence
from threading import Condition, Thread
from time import monotonic
from types import TracebackType
from typing import Self

from streamer.backlog import Backlog
from streamer.backoff import pause_s
from streamer.child import LOOK_S, BrokenPipe, Child, Stop
from streamer.flv import Tag
from streamer.hub import Hub
from streamer.messages import Messages
from streamer.outputs import OPEN, Kind, Target
from wire.targets import Report, State

PUSHER = (sys.executable, "-m", "streamer.pusher")
STALL_S = 6.0
"""A pusher that takes nothing for so long is replaced. It gives up a server that does not answer sooner, and
then says why."""
PIPE_BYTES = 2**16
"""What waits between the two, beside the backlog: a fifth of a second."""

log = logging.getLogger(__name__)


class Pushing:
    """Serves one target from `hub` while its context lasts; whatever befalls it, nobody else waits."""

    def __init__(self, target: Target, hub: Hub, command: Sequence[str] = PUSHER) -> None:
        self._target, self._hub = target, hub
        self._command = [*command, target.id]  # by the name alone `ps` tells them apart
        self._backlog, self._news = Backlog(), Condition()
        self._preface = hub.preface  # of the stream that is in the backlog
        self._messages = Messages(target.address if target.kind is Kind.RTMP else "")
        self._stop = Stop()
        self._began_s = 0.0
        self._opened = 0
        self._open_since_s: float | None = None
        self._said = ""  # what the present pusher said last
        self._error = ""
        self._thread = Thread(target=self._run, name=f"push-{target.id}")

    def __enter__(self) -> Self:
        self._hub.add(self._put)
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._hub.remove(self._put)
        self._stop.set()
        self._thread.join()

    @property
    def target(self) -> Target:
        return self._target

    def stop(self) -> None:
        """Ask it to end, so that several may end at once."""
        self._stop.set()

    def cut(self) -> None:
        """End it at once, whatever waits."""
        self._stop.cut()

    def report(self) -> Report:
        """Return how it stands, without the target's key."""
        since = self._open_since_s
        return Report(
            id=self._target.id,
            kind=self._target.kind,
            address=self._target.shown,
            is_set=self._target.is_set,
            state=State.CONNECTING if since is None else State.CONNECTED,
            open_s=0.0 if since is None else monotonic() - since,
            reconnects=max(0, self._opened - 1),
            groups_dropped=self._backlog.dropped,
            error=self._error,
        )

    def _put(self, tag: Tag) -> None:
        with self._news:
            if self._hub.preface is not self._preface:
                self._backlog.clear()
                self._preface = self._hub.preface
            dropped = self._backlog.dropped
            self._backlog.put(tag)
            self._news.notify()
        if self._backlog.dropped != dropped:
            self._log(f"it is slow: {self._backlog.dropped} groups of pictures were dropped so far")

    def _run(self) -> None:
        waited_s = 0.0
        while not self._stop.is_set():
            self._began_s = monotonic()
            try:
                self._once()
            except BrokenPipe as reason:
                self._error = self._said or str(reason)
                self._log(f"given up, {reason}; tried again")
            except Exception:
                log.exception("target %s failed", self._target.id)
            waited_s = pause_s(waited_s, monotonic() - self._began_s)
            self._stop.wait(waited_s)

    def _once(self) -> None:
        """Feed one pusher until it ends, or has all when it is to stop."""
        with self._news:
            self._backlog.begin()
        try:
            if first := self._take():
                self._began_s = monotonic()
                self._feed(*first)
        finally:
            self._open_since_s = None
            with self._news:
                self._backlog.end()

    def _feed(self, preface: bytes, tag: Tag) -> None:
        self._said = ""
        name = f"pusher {self._target.id}"
        with Child(name, self._command, self._stop, self._heard, self._told, PIPE_BYTES, STALL_S) as pusher:
            log.debug("target %s: pusher started, process %d", self._target.id, pusher.pid)
            pusher.write(self._target.order(), preface, tag.data)
            while next_ := self._take(preface):
                pusher.write(next_[1].data)
            pusher.finish()

    def _take(self, begun: bytes | None = None) -> tuple[bytes, Tag] | None:
        """Wait for the next tag, and return it with the preface of its stream.

        There is none if another stream follows the one that was `begun`, or the target is to stop and all
        were taken.
        """
        with self._news:
            while (preface := self._hub.preface) is begun or begun is None:
                if self._preface is preface and (tag := self._backlog.take()):
                    return preface, tag
                if self._stop.is_set():
                    break
                self._news.wait(LOOK_S)
        return None

    def _heard(self, output: bytes) -> None:
        if output == OPEN:
            self._opened += 1
            self._open_since_s, self._error = monotonic(), ""
            if self._news_of("connected"):
                log.info("target %s: connected, %s", self._target.id, self._target.shown or self._target.kind)

    def _told(self, line: str) -> None:
        self._said = self._messages.shown(line) or self._said
        self._log(line)

    def _log(self, line: str) -> None:
        if text := self._news_of(line):
            log.warning("target %s: %s", self._target.id, text)

    def _news_of(self, line: str) -> str | None:
        with self._news:
            return self._messages.news(line, monotonic())
