"""Chunks hold every frame once; the table changes only for those whose turn it is."""

from hypothesis import given
from hypothesis import strategies as st
from redis import Redis

from wire import chunks, keys
from wire.chunks import Row, Stage


@given(st.integers(1, 5000))
def test_every_frame_lies_in_exactly_one_chunk(frames: int) -> None:
    spans = [chunks.span(chunk, frames) for chunk in range(chunks.count(frames))]
    assert [frame for span in spans for frame in span] == list(range(frames))
    assert all(chunks.chunk_of(frame) == chunk for chunk, span in enumerate(spans) for frame in span)


def test_first_chunk_is_small_so_that_speech_starts_soon() -> None:
    assert len(chunks.span(0, 1000)) == 8
    assert len(chunks.span(1, 1000)) == 25


def put(broker: Redis, row: Row) -> None:
    broker.hset(keys.chunks("j"), "3", row.to_json())


def test_chunk_is_claimed_once(broker: Redis) -> None:
    put(broker, Row(Stage.SENT, 1, "gpu.a.0", 0))
    row = chunks.claim(broker, "j", 3, 1, "life", 5000)
    assert row is not None
    assert (row.stage, row.life, row.worker) == (Stage.RUNNING, "life", "gpu.a.0")
    assert not chunks.claim(broker, "j", 3, 1, "another", 5000)
    assert chunks.table(broker, "j")[3] == row


def test_change_that_is_sent_again_as_its_answer_was_lost_is_as_good_as_the_first(broker: Redis) -> None:
    put(broker, Row(Stage.RUNNING, 1, "gpu.a.0", 0))
    done = Row(Stage.DONE, 1, "gpu.a.0", 0)
    assert chunks.change(broker, "j", 3, done, Stage.RUNNING)
    assert chunks.change(broker, "j", 3, done, Stage.RUNNING)


def test_stale_attempt_can_neither_claim_nor_report(broker: Redis) -> None:
    put(broker, Row(Stage.SENT, 2, "gpu.b.0", 0))
    assert not chunks.claim(broker, "j", 3, 1, "life", 5000)
    assert not chunks.change(broker, "j", 3, Row(Stage.DONE, 1, "gpu.a.0", 0), Stage.SENT, Stage.RUNNING)
    assert chunks.table(broker, "j")[3] == Row(Stage.SENT, 2, "gpu.b.0", 0)


def test_chunk_that_is_not_in_the_table_is_nobodys(broker: Redis) -> None:
    assert not chunks.claim(broker, "j", 3, 1, "life", 5000)
    assert chunks.table(broker, "j") == {}
