"""The channel's targets: those of the settings, and those that are added and removed while it is on air."""

import logging
from collections.abc import Callable, Iterable, Mapping, Sequence
from threading import Event, Lock
from time import monotonic
from types import TracebackType
from typing import Self

from redis import Redis, RedisError

from streamer.hub import Hub
from streamer.outage import Outage
from streamer.outputs import Kind, Target
from streamer.pushing import Pushing
from wire import targets
from wire.leases import DeposedError

LOOK_S = 0.5
"""Between two looks at what was added and removed."""
SOON_S = 0.05
"""Between two looks at whether all take the stream."""

log = logging.getLogger(__name__)


class Targets:
    """Keeps a pusher for each target; `with` starts those of the settings, and in the end stops all."""

    def __init__(
        self,
        fixed: Sequence[Target],
        hub: Hub,
        broker: Redis,
        channel: str,
        epoch: Callable[[], int],
        serve: Callable[[Target, Hub], Pushing] = Pushing,
    ) -> None:
        """`epoch` returns that of the lease by which the channel is sent."""
        self._fixed, self._hub, self._serve = fixed, hub, serve
        self._broker, self._channel, self._epoch = broker, channel, epoch
        self._served: dict[str, Pushing] = {}
        self._ending: list[Pushing] = []  # no longer served, and not ended yet
        self._changing = Lock()
        self._is_ending = False
        self._outage = Outage(log, "looking for targets")

    def __enter__(self) -> Self:
        self._adjust({})
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Stop all at once: each has the same time to send what waits and to close its files."""
        with self._changing:
            self._is_ending = True
            self._take_out(list(self._served))
            ending = list(self._ending)
        for pushing in ending:
            self._end(pushing)

    def cut(self) -> None:
        """Send nothing more, not even what waits: another sends by now."""
        with self._changing:
            self._is_ending = True
            for pushing in (*self._served.values(), *self._ending):
                pushing.cut()

    def run(self, stop: Event) -> None:
        """Do what was added and removed, and tell how all stand, until `stop`; the body of a thread."""
        while not stop.wait(LOOK_S):
            try:
                self._adjust(targets.added(self._broker, self._channel))
                targets.report(self._broker, self._channel, self.reports(), self._epoch())
                self._outage.ended()
            except (RedisError, DeposedError) as error:
                self._outage.began(error)
            except Exception:
                log.exception("looking for targets failed, and goes on in %s s", LOOK_S)

    def await_taken(self, stop: Event, timeout_s: float) -> None:
        """Wait until all targets of the settings take the stream, but no longer than `timeout_s`."""
        end_s = monotonic() + timeout_s
        while monotonic() < end_s and not self._are_taken() and not stop.wait(SOON_S):
            pass

    def _are_taken(self) -> bool:
        taken = {report.id for report in self.reports() if report.state is targets.State.CONNECTED}
        return taken >= {target.id for target in self._fixed}

    def reports(self) -> list[targets.Report]:
        """Return how each target stands."""
        with self._changing:
            return [pushing.report() for pushing in self._served.values()]

    def _adjust(self, added: Mapping[str, str]) -> None:
        """Serve what is wanted and not yet served, and end what is no longer wanted.

        That may take a while, for which nobody waits: a later call finds that it has ended.
        """
        wanted = {target.id: target for target in (*self._fixed, *_targets(added))}
        with self._changing:
            if self._is_ending:
                return
            self._take_out([name for name, it in self._served.items() if wanted.get(name) != it.target])
            for name, target in wanted.items():
                if name not in self._served:
                    self._served[name] = self._serve(target, self._hub).__enter__()
            ended = [pushing for pushing in self._ending if pushing.has_ended]
        for pushing in ended:
            self._end(pushing)

    def _take_out(self, names: Sequence[str]) -> None:
        """Ask all of them to end."""
        for name in names:
            pushing = self._served.pop(name)
            self._ending.append(pushing)
            pushing.stop()

    def _end(self, pushing: Pushing) -> None:
        """Wait for one that was asked to end."""
        pushing.__exit__(None, None, None)
        with self._changing:
            if pushing not in self._ending:
                return
            self._ending.remove(pushing)
        log.info("target %s: no longer sent to", pushing.target.id)


def _targets(added: Mapping[str, str]) -> Iterable[Target]:
    return (Target(name, Kind.RTMP, address, is_set=False) for name, address in sorted(added.items()))
