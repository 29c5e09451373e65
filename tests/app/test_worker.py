"""No client can hold the real server for long."""

from concurrent.futures import Future

from app.pace import GRACE_S
from tests.app.clients import Dripped, exchange
from tests.app.conftest import Live


def test_slow_clients_are_ended_in_time(live: Live, slow: list[Future[Dripped]]) -> None:
    ended = [client.result(timeout=6 * GRACE_S) for client in slow]
    assert max(seconds for _, seconds in ended) < 3 * GRACE_S
    bodies = [answer.splitlines()[0] for answer, _ in ended[::2]]
    assert bodies == [b"HTTP/1.1 408 REQUEST TIMEOUT"] * len(bodies)
    assert [answer for answer, _ in ended[1::2]] == [b""] * len(bodies)
    assert exchange(live.url, b"GET /health HTTP/1.1\r\nHost: x\r\n\r\n") == (200, {"status": "alive"})
