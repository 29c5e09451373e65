"""`python -m streamer`: plays the channel of the settings, or stands by for it, until TERM or INT."""

import signal
from functools import partial

from settings import settings
from streamer.counters import Counters
from streamer.logs import log_aside
from streamer.onair import OnAir, Scene, prompt_broker
from streamer.start import avatar_of, encoder_command, idle_of, label_of
from streamer.tenure import Tenure
from streamer.threads import running
from wire.heap import settle_heap

LOOK_S = 0.05
"""How soon a standby goes on air when the lease is its own, and sees that it is to stop."""


def main() -> None:
    """Play, or stand by, until a signal asks to stop."""
    settle_heap()
    stop = _Stop()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, stop.ask)
    with log_aside("streamer"):
        config = settings()
        avatar = avatar_of(config)
        scene = Scene(
            avatar,
            idle_of(config, avatar),
            label_of(config, avatar),
            encoder_command(config, avatar.width, avatar.height),
        )
        counters = Counters()
        tenure = Tenure(prompt_broker(config), config.channel, counters)
        with running(tenure.run):
            while not stop.asked:
                if term := tenure.wait(LOOK_S):
                    on_air = OnAir(config, scene, term, counters)
                    on_air.run(lambda: stop.asked, partial(tenure.holds, term))


class _Stop:
    """Set by signals, looked at each tick: a handler may run anywhere, so it takes no lock."""

    asked = False

    def ask(self, *_: object) -> None:
        self.asked = True


if __name__ == "__main__":
    main()
