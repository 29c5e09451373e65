"""When a standby may take its channel's lease: it has stood still for long enough, or was let go. Pure.

It is timed here and not by the broker: a server that stood still, or was started again, would find leases
expired whose holders live, and only had nobody to tell.
"""

import math
from dataclasses import dataclass, replace

from wire.leases import Lease

LEASE_S = 1.5
"""A holder that is not heard of for so long is dead. One that lives is heard sooner, even when the broker is
back from an outage: at its next beat, after two time-outs of half a second on a connection that broke."""
MISSING_S = 0.7
"""A lease that is not there is nobody's after so long. Where a broker was wiped a holder that lives has laid
it down anew by then, at its next beat."""
NOBODYS = Lease()


@dataclass(frozen=True, slots=True)
class Watch:
    """The lease as it was `seen` last, unchanged since `since_s`; before the first look there is none.

    `epoch` is the highest that was ever seen.
    """

    seen: Lease | None = None
    since_s: float = -math.inf
    epoch: int = 0

    def look(self, lease: Lease, now_s: float) -> "Watch":
        """Return the watch with the lease seen as it is at `now_s`."""
        since_s = self.since_s if lease == self.seen else now_s
        return Watch(lease, since_s, max(self.epoch, lease.epoch))

    def miss(self, now_s: float) -> "Watch":
        """Return the watch where the broker did not answer: what had been waited for counts no more."""
        return replace(self, since_s=now_s)

    def may_take(self, now_s: float) -> bool:
        """Return whether nobody sends the channel, as far as can be known."""
        if self.seen is None:
            return False
        if self.seen.at_ms and not self.seen.holder:
            return True
        was_never_seen = self.seen == NOBODYS and self.epoch == 0
        return now_s - self.since_s >= (MISSING_S if was_never_seen else LEASE_S)

    def has_moved(self, before: "Watch") -> bool:
        """Return whether somebody has renewed or taken the lease since the look `before`: a holder lives."""
        return before.seen is not None and self.seen not in (before.seen, None) and bool(self.seen.holder)
