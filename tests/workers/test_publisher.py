"""What is put is done in order, beside the thread that puts it, and no more of it waits than a chunk."""

from threading import Event, Thread

import pytest

from workers.publisher import WAITING, Publisher

LIMIT_S = 30


def test_work_is_done_in_order_beside_the_one_who_puts_it() -> None:
    publisher, done, go = Publisher(), list[int](), Event()
    publisher.put(lambda: done.append(go.wait(LIMIT_S)))
    for number in range(3):
        publisher.put(lambda n=number: done.append(n))  # type: ignore[misc]  # n is bound early
    assert not done
    go.set()
    publisher.finish()
    assert done == [True, 0, 1, 2]


def test_work_that_fails_is_logged_and_does_not_keep_from_the_next(caplog: pytest.LogCaptureFixture) -> None:
    def fail() -> None:
        raise ConnectionError("the broker is gone")

    publisher, done = Publisher(), list[str]()
    publisher.put(fail)
    publisher.put(lambda: done.append("next"))
    publisher.finish()
    assert done == ["next"]
    assert "the broker is gone" in caplog.text


@pytest.mark.parametrize("waiting", [0, WAITING])
def test_what_the_servers_do_not_take_is_left_at_the_end(
    waiting: int, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr("workers.publisher.FINISH_S", 0.1)
    publisher, go, begun = Publisher(), Event(), Event()

    def hang() -> None:
        begun.set()
        go.wait(LIMIT_S)

    publisher.put(hang)
    assert begun.wait(LIMIT_S)
    for _ in range(waiting):
        publisher.put(lambda: None)
    publisher.finish()
    assert not go.is_set()
    assert "it is left" in caplog.text
    go.set()


def test_more_than_a_chunk_waits_with_the_one_who_puts_it() -> None:
    publisher, go, begun, put = Publisher(), Event(), Event(), Event()

    def block() -> None:
        begun.set()
        go.wait(LIMIT_S)

    publisher.put(block)
    assert begun.wait(LIMIT_S)
    for _ in range(WAITING):
        publisher.put(lambda: None)
    one_more = Thread(target=publisher.put, args=(put.set,))
    one_more.start()
    one_more.join(0.2)
    assert one_more.is_alive(), "there was room for one more"
    go.set()
    one_more.join(LIMIT_S)
    assert put.wait(LIMIT_S)
