"""The soak itself: posts and deals what is due, and looks at everything meanwhile."""

import math
import time
from collections import Counter
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from random import Random

from redis import RedisError

from bench.soak.blows import deal
from bench.soak.counting import Loss, Trouble
from bench.soak.goals import COUNTED, Found
from bench.soak.holdings import Holdings
from bench.soak.host import Host
from bench.soak.jobs import Jobs
from bench.soak.lives import longest
from bench.soak.plan import Blow, Post
from bench.soak.player import Player
from tests.system import System
from wire import channels, connection
from wire.jobs import Mode

STEP_S = 0.25
LOOK_S = 1.0
"""Between two looks at the streamer's counters, which it tells once a second."""
HOLDINGS_S = 1.0
CLOSING_S = 2.0
"""The last job's length, which is posted when all others are over: the sound's offset at the end is its."""
OVER_S = 120.0
"""What jobs that wait at the end may take: a playlist of half a minute, and what is replaced after 10 s."""
TIMEOUT_S = 1.0
CHANNEL = "main"


def soak(
    system: System, posts: Sequence[Post], blows: Sequence[tuple[float, Blow]], seconds: float, seed: int
) -> Found:
    """Have `system` live through it for so long, and until all jobs are over; return what was seen.

    Raises:
        NoSystemError: nothing is received.
    """
    with Player(system.rtmp_url) as player:
        system.await_that(lambda: player.counts[0].packets > 0, "received")
        course = Course(system, player)
        course.go(posts, blows, seconds, seed)
        course.close()
        return course.found()


@dataclass(slots=True)
class Round:
    """Something that is looked at every so often."""

    every_s: float
    last_s: float = -math.inf

    def is_due(self, now_s: float) -> bool:
        """Return whether it is time again, and take it as done then."""
        if now_s - self.last_s < self.every_s:
            return False
        self.last_s = now_s
        return True


class Course:
    """A soak under way."""

    def __init__(self, system: System, player: Player) -> None:
        self._system, self._player = system, player
        self._broker = connection.broker(system.environment["LIVE_BROKER_URL"], TIMEOUT_S)
        self._jobs, self._holdings = Jobs(system, player, self._tick), Holdings(system)
        self._host = Host(time.monotonic())
        self._often, self._seldom = Round(LOOK_S), Round(HOLDINGS_S)
        self._losses: list[Loss] = []
        self._troubles: list[Trouble] = []
        self._counters: dict[str, int] = {}
        self._counted: Counter[str] = Counter()
        self._sent_tick = 0
        self._still_s = 0.0
        self._died: list[str] = []

    def go(
        self, posts: Sequence[Post], blows: Sequence[tuple[float, Blow]], seconds: float, seed: int
    ) -> None:
        """Do what is due when it is due; `seed` chooses among several processes of a kind."""
        began_s, lot = time.monotonic(), Random(seed)
        posts_left, blows_left = list(reversed(posts)), list(reversed(blows))
        while (now_s := time.monotonic() - began_s) < seconds:
            while posts_left and posts_left[-1].at_s <= now_s:
                self._jobs.post(posts_left.pop())
            if blows_left and blows_left[-1][0] <= now_s:
                self._troubles.append(deal(self._system, blows_left.pop()[1], lot))
            self._look()

    def close(self) -> None:
        """Wait until all jobs are over, then have one more spoken."""
        self._wait_for_jobs()
        self._system.await_ready()
        self._jobs.post(Post(0.0, CLOSING_S, Mode.APPEND))
        self._wait_for_jobs()

    def found(self) -> Found:
        """Return what was seen."""
        pictures, sound = self._player.counts
        jobs = self._jobs
        return Found(
            pictures=pictures,
            sound=sound,
            behind_s=self._player.behind_s,
            losses=[*self._losses, *self._player.losses],
            troubles=self._troubles,
            stolen=self._host.troubles,
            counters=self._counted,
            posted=jobs.posted,
            ends=jobs.ends,
            refused=jobs.refused,
            verdicts=jobs.verdicts,
            lives=longest(self._holdings.lives()),
            died=self._died,
            still_s=self._still_s,
        )

    def _wait_for_jobs(self) -> None:
        end_s = time.monotonic() + OVER_S
        while not self._jobs.are_over and time.monotonic() < end_s:
            self._look()

    def _look(self) -> None:
        now_s = time.monotonic()
        self._jobs.look()
        self._host.look(now_s)
        if self._often.is_due(now_s):
            self._count(now_s)
            self._mourn()
        if self._seldom.is_due(now_s):
            self._holdings.look(now_s, self._jobs.over)
        self._rest()

    def _rest(self) -> None:
        """Wait a step, and note by how much longer that took: so long the machine stood still."""
        began_s = time.monotonic()
        time.sleep(STEP_S)
        self._still_s = max(self._still_s, time.monotonic() - began_s - STEP_S)

    def _tick(self) -> int:
        """Return the tick that was sent last, as far as the broker tells."""
        with suppress(RedisError):
            if channel := channels.load(self._broker, CHANNEL):
                self._sent_tick = channel.tick
        return self._sent_tick

    def _count(self, now_s: float) -> None:
        """Note what the streamer counted since the last look, and which frames it says were not sent."""
        with suppress(RedisError):
            # of a broker that was away it knows nothing
            counters = channels.counters(self._broker, CHANNEL) or self._counters
            news = Counter(counters) - Counter(self._counters) if self._counters else Counter()
            self._losses += [Loss(now_s, name, news[name]) for name in COUNTED if news[name]]
            self._counted += news
            self._counters = counters

    def _mourn(self) -> None:
        if dead := self._system.dead():
            self._died += dead
            self._system.heal()
