"""Acknowledging a message to Redis, which may fail; the worker then takes messages all the same."""

from typing import Any

from kombu.transport import redis


class Acks(redis.QoS):
    """Counts the messages that a worker holds; it takes no more than it may hold."""

    def ack(self, delivery_tag: Any) -> None:
        """Acknowledge a message; count it as ended even if the broker does not hear of it.

        Kombu goes on counting it, so a worker that holds one message at a time would never take another.
        What the broker keeps of it is rung again after the visibility timeout, when nobody waits for it.
        """
        try:
            super().ack(delivery_tag)  # type: ignore[no-untyped-call]  # kombu has no types
        except Exception:
            self._quick_ack(delivery_tag)
            raise


def install() -> None:
    """Have all channels to Redis count by `Acks`."""
    redis.Channel.QoS = Acks
