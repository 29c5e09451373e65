"""What was mended is counted on the broker."""

import pytest
from redis import Redis

from tests.conftest import free_port
from wire import connection, keys, tallies
from wire.tallies import Tally


def test_every_tally_is_told_and_starts_at_nought(broker: Redis) -> None:
    tallies.count(broker, Tally.LATE)
    tallies.count(broker, Tally.LATE)
    assert tallies.read(broker) == dict.fromkeys(Tally, 0) | {Tally.LATE: 2}
    assert broker.hkeys(keys.TALLIES) == [Tally.LATE]


def test_a_count_that_is_lost_fails_nothing(capfd: pytest.CaptureFixture[str]) -> None:
    tallies.count(connection.broker(f"redis://127.0.0.1:{free_port()}/0", 0.5), Tally.LATE)
    assert capfd.readouterr().err == ""
