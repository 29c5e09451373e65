"""One target kept served: a pusher process, fed by a thread of its own, and started anew when it fails."""

import logging
import sys
from collections.abc import Sequence
from dataclasses import dataclass
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


@dataclass(frozen=True, slots=True, eq=False)
class Stream:
    """What begins with `preface`, and what waits of it. Another follows where timestamps start again."""

    preface: bytes
    backlog: Backlog


class Pushing:
    """Serves one target from `hub` while its context lasts; whatever befalls it, nobody else waits."""

    def __init__(self, target: Target, hub: Hub, command: Sequence[str] = PUSHER) -> None:
        self._target, self._hub = target, hub
        self._command = [*command, target.id]  # by the name alone `ps` tells them apart
        self._stream, self._news = Stream(hub.preface, Backlog()), Condition()
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
        self.stop()
        self._thread.join()

    @property
    def target(self) -> Target:
        return self._target

    def stop(self) -> None:
        """Ask it to end with what waits by now, so that several may end at once."""
        self._hub.remove(self._put)
        self._stop.set()

    @property
    def has_ended(self) -> bool:
        """Whether it was asked to end and did."""
        return self._stop.is_set() and not self._thread.is_alive()

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
            groups_dropped=self._stream.backlog.dropped,
            error=self._error,
        )

    def _put(self, tag: Tag) -> None:
        with self._news:
            backlog = self._newest().backlog
            dropped = backlog.dropped
            backlog.put(tag)
            self._news.notify()
        if backlog.dropped != dropped:
            why = "it is not connected yet" if self._open_since_s is None else "it is slow"
            self._log(f"{why}: {backlog.dropped} groups of pictures were dropped so far")

    def _newest(self) -> Stream:
        """Return the stream that comes now. What waits of the one before is left to whoever sends that."""
        if self._hub.preface is not self._stream.preface:
            self._stream = Stream(self._hub.preface, Backlog(self._stream.backlog.dropped))
        return self._stream

    def _run(self) -> None:
        waited_s = 0.0
        while not self._stop.is_set():
            self._began_s = monotonic()
            try:
                self._once()
                continue
            except BrokenPipe as reason:
                self._error = self._said or str(reason)
                self._log(f"given up, {reason}; tried again")
            except Exception:
                log.exception("target %s failed", self._target.id)
            waited_s = pause_s(waited_s, monotonic() - self._began_s)
            self._stop.wait(waited_s)

    def _once(self) -> None:
        """Feed one pusher until it has all of its stream: another follows, or it is to stop.

        Raises:
            BrokenPipe: it is given up.
        """
        with self._news:
            stream = self._newest()
            stream.backlog.begin()
        try:
            if first := self._take(stream):
                self._began_s = monotonic()
                self._feed(stream, first)
        finally:
            self._open_since_s = None
            with self._news:
                stream.backlog.end()

    def _feed(self, stream: Stream, first: Tag) -> None:
        self._said = ""
        name = f"pusher {self._target.id}"
        with Child(name, self._command, self._stop, self._heard, self._told, PIPE_BYTES, STALL_S) as pusher:
            log.debug("target %s: pusher started, process %d", self._target.id, pusher.pid)
            pusher.write(self._target.order(), stream.preface, first.data)
            while tag := self._take(stream):
                pusher.write(tag.data)
            pusher.finish()

    def _take(self, stream: Stream) -> Tag | None:
        """Wait for the stream's next tag; there is none once all were taken, and another follows or the
        target is to stop.
        """
        with self._news:
            while not (tag := stream.backlog.take()) and stream is self._stream and not self._stop.is_set():
                self._news.wait(LOOK_S)
        return tag

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
