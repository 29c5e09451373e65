"""Who renders what: in order of airtime, within the window, on living workers, and never for ever."""

from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from wire import chunks
from wire.chunks import Row, Stage
from workers.assignment import (
    ABSENT_S,
    ROWS_A_WORKER,
    SOON_FRAMES,
    TRIES,
    JobView,
    Replace,
    Send,
    WorkerView,
    assign,
)
from workers.leases import lease_ms

A, B = WorkerView("gpu.a.0", "viseme", 100.0), WorkerView("gpu.b.0", "viseme", 25.0)
JOB = JobView("j", "viseme", 1000, 0, 10, {})
NOW, WINDOW = 50_000, 250


def sends(actions: list[Send | Replace]) -> list[tuple[str, int, str]]:
    return [(a.job, a.chunk, a.worker) for a in actions if isinstance(a, Send)]


def row(stage: Stage, worker: str = "gpu.a.0", attempt: int = 1, deadline: int = NOW + 1) -> Row:
    return Row(stage, attempt, worker, deadline, "why" if stage is Stage.BROKEN else "")


def test_worker_gets_one_chunk_to_run_and_one_to_wait() -> None:
    assert sends(assign(NOW, [JOB], [A], WINDOW)) == [("j", 0, "gpu.a.0"), ("j", 1, "gpu.a.0")]


def test_chunk_goes_to_the_worker_that_will_have_done_it_first() -> None:
    given = sends(assign(NOW, [JOB], [A, B], WINDOW))
    assert given == [("j", 0, "gpu.a.0"), ("j", 1, "gpu.a.0"), ("j", 2, "gpu.b.0"), ("j", 3, "gpu.b.0")]


def test_chunks_under_way_count_for_their_worker() -> None:
    job = replace(JOB, chunks_sent=1, rows={0: row(Stage.RUNNING)})
    assert sends(assign(NOW, [job], [A], WINDOW)) == [("j", 1, "gpu.a.0")]


def test_chunks_of_more_effort_take_their_worker_for_longer() -> None:
    slower = replace(B, speed=60.0)
    heavy = replace(JOB, airs_in=1000, chunks_sent=1, rows={0: row(Stage.RUNNING)}, effort=5.0)
    light = replace(JOB, id="light", chunks_sent=1)
    assert sends(assign(NOW, [heavy, light], [A, slower], WINDOW))[0] == ("light", 1, "gpu.b.0")
    (send,) = assign(NOW, [replace(JOB, frames=8, effort=5.0)], [A], WINDOW)
    assert isinstance(send, Send)
    assert send.deadline_ms == NOW + lease_ms(5.0 * 8, A.speed)


def test_chunks_that_are_done_leave_room() -> None:
    rows = {0: row(Stage.DONE), 1: row(Stage.DONE)}
    job = replace(JOB, chunks_sent=2, rows=rows, there=frozenset(rows))
    assert len(sends(assign(NOW, [job], [A], WINDOW))) == ROWS_A_WORKER


def test_nothing_is_handed_out_beyond_the_window() -> None:
    ahead = replace(JOB, chunks_sent=10, airs_in=0)
    first = chunks.span(10, 1000).start
    assert sends(assign(NOW, [ahead], [A], first)) == [("j", 10, "gpu.a.0")]
    assert assign(NOW, [ahead], [A], first - 1) == []


def test_sooner_airtime_goes_first_over_all_jobs() -> None:
    later = replace(JOB, id="later", airs_in=30)
    assert [job for job, _, _ in sends(assign(NOW, [later, JOB], [A], WINDOW))] == ["j", "j"]
    assert [job for job, _, _ in sends(assign(NOW, [later, JOB], [A, B], WINDOW))] == [
        "j",
        "j",
        "later",
        "later",
    ]


def test_job_stays_with_its_engine() -> None:
    other = replace(A, engine="latentsync")
    assert assign(NOW, [JOB], [other], WINDOW) == []


def test_dead_workers_chunk_goes_to_another() -> None:
    job = replace(JOB, chunks_sent=1, rows={0: row(Stage.RUNNING, "gpu.dead.0")})
    first = assign(NOW, [job], [A], WINDOW)[0]
    assert isinstance(first, Send)
    assert (first.chunk, first.attempt, first.worker) == (0, 2, "gpu.a.0")


def test_overdue_chunk_is_given_again_and_a_punctual_one_is_not() -> None:
    job = replace(JOB, frames=8, chunks_sent=1, rows={0: row(Stage.SENT, deadline=NOW - 1)})
    assert sends(assign(NOW, [job], [A, B], WINDOW)) == [("j", 0, "gpu.b.0")]
    assert sends(assign(NOW, [job], [A], WINDOW)) == [("j", 0, "gpu.a.0")]
    assert assign(NOW - 2, [job], [A, B], WINDOW) == []


def test_broken_chunk_is_replaced_after_its_tries() -> None:
    for attempt in range(1, TRIES):
        job = replace(JOB, frames=8, chunks_sent=1, rows={0: row(Stage.BROKEN, attempt=attempt)})
        again = assign(NOW, [job], [A], WINDOW)
        assert [a.attempt for a in again if isinstance(a, Send)] == [attempt + 1]
    job = replace(JOB, frames=8, chunks_sent=1, rows={0: row(Stage.BROKEN, attempt=TRIES)})
    assert assign(NOW, [job], [A], WINDOW) == [Replace("j", 0, TRIES + 1, "why")]


def test_chunk_whose_frames_are_gone_is_done_again() -> None:
    rows = {1: row(Stage.DONE), 2: row(Stage.DONE)}
    job = replace(JOB, frames=58, chunks_sent=3, airs_in=-8, rows=rows, there=frozenset({1}))
    assert [chunk for _, chunk, _ in sends(assign(NOW, [job], [A], WINDOW))] == [2]


def test_chunk_at_the_airs_edge_is_replaced_when_its_engine_has_been_absent_for_long() -> None:
    def answers(absent_s: float, airs_in: int) -> list[Send | Replace]:
        job = replace(JOB, frames=8, airs_in=airs_in)
        return assign(NOW, [job], [], WINDOW, {"viseme": absent_s})

    assert answers(ABSENT_S - 1, 0) == []
    assert answers(ABSENT_S + 1, SOON_FRAMES + 1) == []
    assert [type(a) for a in answers(ABSENT_S + 1, 0)] == [Replace]


def test_lease_grows_with_what_the_worker_has_to_do_before() -> None:
    first, second = assign(NOW, [JOB], [A], WINDOW)
    assert isinstance(first, Send)
    assert isinstance(second, Send)
    assert NOW < first.deadline_ms < second.deadline_ms


@given(
    st.lists(st.tuples(st.integers(1, 400), st.integers(-50, 500)), max_size=5),
    st.lists(st.floats(1, 200), max_size=6),
)
def test_no_pass_overloads_a_worker_or_gives_a_chunk_twice(
    jobs: list[tuple[int, int]], speeds: list[float]
) -> None:
    views = [replace(JOB, id=str(n), frames=frames, airs_in=airs) for n, (frames, airs) in enumerate(jobs)]
    workers = [WorkerView(f"gpu.h.{n}", "viseme", speed) for n, speed in enumerate(speeds)]
    given = sends(assign(NOW, views, workers, WINDOW))
    assert len({(job, chunk) for job, chunk, _ in given}) == len(given)
    assert all(sum(w == worker.queue for _, _, w in given) <= ROWS_A_WORKER for worker in workers)
