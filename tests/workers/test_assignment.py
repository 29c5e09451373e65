"""Who renders what: in order of airtime, within the window, on living workers, and never for ever."""

from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from wire import chunks
from wire.chunks import Row, Stage
from wire.workers import Worker
from workers.assignment import (
    ABSENT_S,
    ATTEMPTS,
    ROWS_A_WORKER,
    SOON_FRAMES,
    TRIES,
    Action,
    JobView,
    Replace,
    Rest,
    Send,
    assign,
)
from workers.leases import lease_ms

A = Worker("gpu.a.0", "render", "gpu.a.0", "cpu", "viseme", 100.0)
B = replace(A, name="gpu.b.0", queue="gpu.b.0", speed=25.0)
JOB = JobView("j", "viseme", 1000, 0, 10, {})
NOW, WINDOW = 50_000, 250


def sends(actions: list[Action]) -> list[tuple[str, int, str]]:
    return [(a.job, a.chunk, a.worker) for a in actions if isinstance(a, Send)]


def row(stage: Stage, worker: str = "gpu.a.0", tried: int = 0, deadline: int = NOW + 1) -> Row:
    """Return a row of a chunk that failed at `tried` workers before."""
    reason = "why" if stage is Stage.BROKEN else ""
    return Row(stage, tried + 1, worker, deadline, reason, tried=("gpu.old.0",) * tried)


def lost(row: Row) -> JobView:
    """Return a job whose only chunk has this row."""
    return replace(JOB, frames=8, rows={0: row})


def test_worker_gets_one_chunk_to_run_and_one_to_wait() -> None:
    assert sends(assign(NOW, [JOB], [A], WINDOW)) == [("j", 0, "gpu.a.0"), ("j", 1, "gpu.a.0")]


def test_chunk_goes_to_the_worker_that_will_have_done_it_first_and_waits_for_it() -> None:
    given = sends(assign(NOW, [JOB], [A, B], WINDOW))
    assert given == [("j", 0, "gpu.a.0"), ("j", 1, "gpu.a.0"), ("j", 4, "gpu.b.0"), ("j", 9, "gpu.b.0")]
    sent = {
        0: row(Stage.DONE),
        1: row(Stage.RUNNING),
        4: row(Stage.SENT, B.queue),
        9: row(Stage.SENT, B.queue),
    }
    job = replace(JOB, rows=sent, there=frozenset({0}))
    assert sends(assign(NOW, [job], [A, B], WINDOW)) == [("j", 2, "gpu.a.0")]


def test_chunks_under_way_count_for_their_worker() -> None:
    job = replace(JOB, rows={0: row(Stage.RUNNING)})
    assert sends(assign(NOW, [job], [A], WINDOW)) == [("j", 1, "gpu.a.0")]


def test_chunks_of_more_effort_take_their_worker_for_longer() -> None:
    slower = replace(B, speed=60.0)
    heavy = replace(JOB, airs_in=1000, rows={0: row(Stage.RUNNING)}, effort=5.0)
    light = replace(JOB, id="light", first=1)
    assert sends(assign(NOW, [heavy, light], [A, slower], WINDOW))[0] == ("light", 1, "gpu.b.0")
    (send,) = assign(NOW, [replace(JOB, frames=8, effort=5.0)], [A], WINDOW)
    assert isinstance(send, Send)
    assert send.deadline_ms == NOW + lease_ms(5.0 * 8, A.speed)


def test_chunks_that_are_done_leave_room() -> None:
    rows = {0: row(Stage.DONE), 1: row(Stage.DONE)}
    job = replace(JOB, rows=rows, there=frozenset(rows))
    assert len(sends(assign(NOW, [job], [A], WINDOW))) == ROWS_A_WORKER


def test_nothing_is_handed_out_beyond_the_window() -> None:
    ahead = replace(JOB, first=10, airs_in=0)
    first = chunks.span(10, 1000).start
    assert sends(assign(NOW, [ahead], [A], first)) == [("j", 10, "gpu.a.0")]
    assert assign(NOW, [ahead], [A], first - 1) == []


def test_sooner_airtime_goes_first_over_all_jobs() -> None:
    later = replace(JOB, id="later", airs_in=30)
    assert [job for job, _, _ in sends(assign(NOW, [later, JOB], [A], WINDOW))] == ["j", "j"]
    given = [job for job, _, _ in sends(assign(NOW, [later, JOB], [A, B], WINDOW))]
    assert given[:3] == ["j", "j", "later"]


def test_job_stays_with_its_engine() -> None:
    other = replace(A, engine="latentsync")
    assert assign(NOW, [JOB], [other], WINDOW) == []


def test_dead_workers_chunk_goes_to_another() -> None:
    job = replace(JOB, rows={0: row(Stage.RUNNING, "gpu.dead.0")})
    first = assign(NOW, [job], [A], WINDOW)[0]
    assert isinstance(first, Send)
    assert (first.chunk, first.attempt, first.worker) == (0, 2, "gpu.a.0")


def test_overdue_chunk_is_given_again_and_a_punctual_one_is_not() -> None:
    job = replace(JOB, frames=8, rows={0: row(Stage.SENT, deadline=NOW - 1)})
    assert sends(assign(NOW, [job], [A, B], WINDOW)) == [("j", 0, "gpu.b.0")]
    assert sends(assign(NOW, [job], [A], WINDOW)) == [("j", 0, "gpu.a.0")]
    assert assign(NOW - 2, [job], [A, B], WINDOW) == []


def test_workers_that_heard_of_none_of_their_chunks_are_told_again() -> None:
    rows = {chunk: row(Stage.SENT, deadline=NOW - 1) for chunk in (0, 1)}
    assert [chunk for _, chunk, _ in sends(assign(NOW, [replace(JOB, rows=rows)], [A], WINDOW))] == [0, 1]


def test_chunk_whose_messages_nobody_takes_was_not_tried_and_is_replaced_in_the_end() -> None:
    unheard = replace(row(Stage.SENT, deadline=NOW - 1), attempt=ATTEMPTS - 1)
    (send,) = assign(NOW, [lost(unheard)], [A], WINDOW)
    assert isinstance(send, Send)
    assert (send.attempt, send.tried) == (ATTEMPTS, ())
    (end,) = assign(NOW, [lost(replace(unheard, attempt=ATTEMPTS))], [A], WINDOW)
    assert isinstance(end, Replace)


def test_broken_chunk_is_replaced_after_its_tries() -> None:
    for tried in range(TRIES - 1):
        again = assign(NOW, [lost(row(Stage.BROKEN, tried=tried))], [A], WINDOW)
        assert [(a.attempt, len(a.tried)) for a in again if isinstance(a, Send)] == [(tried + 2, tried + 1)]
    last = row(Stage.BROKEN, tried=TRIES - 1)
    assert assign(NOW, [lost(last)], [A], WINDOW) == [Replace("j", 0, TRIES + 1, "why")]


def test_broken_chunk_waits_for_a_worker_where_it_was_not_tried() -> None:
    busy = replace(JOB, id="busy", airs_in=0, rows={c: row(Stage.SENT, B.queue) for c in (0, 1)})
    broken = lost(row(Stage.BROKEN, A.queue))
    assert [s for s in sends(assign(NOW, [busy, broken], [A, B], WINDOW)) if s[0] == "j"] == []
    assert sends(assign(NOW, [broken], [A, B], WINDOW)) == [("j", 0, B.queue)]


def test_chunk_that_only_waited_at_a_worker_that_died_was_not_tried_there() -> None:
    waiting = row(Stage.SENT, "gpu.dead.0", tried=TRIES - 1)
    (send,) = assign(NOW, [lost(waiting)], [A], WINDOW)
    assert isinstance(send, Send)
    assert (send.attempt, send.tried) == (TRIES + 1, waiting.tried)
    running = row(Stage.RUNNING, "gpu.dead.0", tried=TRIES - 1)
    assert [type(a) for a in assign(NOW, [lost(running)], [A], WINDOW)] == [Replace]


def test_worker_that_is_ending_keeps_what_it_runs_and_gives_back_what_waits() -> None:
    rows = {0: row(Stage.RUNNING, A.queue), 1: row(Stage.SENT, A.queue)}
    (send,) = assign(NOW, [replace(JOB, frames=33, rows=rows)], [replace(A, is_ending=True), B], WINDOW)
    assert isinstance(send, Send)
    assert (send.chunk, send.worker, send.tried) == (1, B.queue, ())


def test_chunk_of_a_process_that_was_succeeded_by_another_is_lost() -> None:
    claimed = replace(row(Stage.RUNNING, A.queue), life="first")
    assert assign(NOW, [lost(claimed)], [replace(A, life="first")], WINDOW) == []
    assert sends(assign(NOW, [lost(claimed)], [replace(A, life="second")], WINDOW)) == [("j", 0, A.queue)]
    waiting = row(Stage.SENT, A.queue)
    assert assign(NOW, [lost(waiting)], [replace(A, life="second")], WINDOW) == []


def test_chunk_whose_frames_are_gone_is_done_again() -> None:
    rows = {1: row(Stage.DONE), 2: row(Stage.DONE)}
    job = replace(JOB, frames=58, first=1, airs_in=-8, rows=rows, there=frozenset({1}))
    assert [chunk for _, chunk, _ in sends(assign(NOW, [job], [A], WINDOW))] == [2]


def test_chunk_at_the_airs_edge_is_replaced_when_its_engine_has_been_absent_for_long() -> None:
    def answers(absent_s: float, airs_in: int) -> list[Action]:
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
    workers = [replace(A, queue=f"gpu.h.{n}", speed=speed) for n, speed in enumerate(speeds)]
    given = sends(assign(NOW, views, workers, WINDOW))
    assert len({(job, chunk) for job, chunk, _ in given}) == len(given)
    assert all(sum(w == worker.queue for _, _, w in given) <= ROWS_A_WORKER for worker in workers)


def test_job_that_begins_does_not_starve_one_that_is_on_air() -> None:
    on_air = replace(JOB, first=8, airs_in=8 - 183, goes_first=True)  # chunk 8 airs in 8 frames
    begins = replace(JOB, id="next", airs_in=3)
    assert sends(assign(NOW, [begins, on_air], [A], WINDOW)) == [("j", 8, A.queue), ("j", 9, A.queue)]


def test_job_on_air_that_is_well_ahead_lets_another_begin() -> None:
    on_air = replace(JOB, first=8, airs_in=SOON_FRAMES + 1 - 183, goes_first=True)
    begins = replace(JOB, id="next", airs_in=3)
    assert sends(assign(NOW, [on_air, begins], [A], WINDOW)) == [("next", 0, A.queue), ("next", 1, A.queue)]


def test_chunk_whose_frames_are_lost_again_and_again_is_rendered_again() -> None:
    (send,) = assign(NOW, [lost(replace(row(Stage.DONE), attempt=ATTEMPTS))], [A], WINDOW)
    assert isinstance(send, Send)


def test_chunk_whose_frames_were_lost_was_not_tried_in_vain() -> None:
    job = lost(replace(row(Stage.DONE), tried=("gpu.old.0",)))
    (action,) = assign(NOW, [job], [A], WINDOW)
    assert isinstance(action, Send)
    assert (action.worker, action.tried) == (A.queue, ("gpu.old.0",))


def test_chunk_in_which_the_mouth_rests_takes_no_workers_time() -> None:
    job = replace(JOB, frames=58, rests=frozenset({1}))
    given = assign(NOW, [job], [A], WINDOW)
    assert Rest("j", 1, 1) in given
    assert sends(given) == [("j", 0, A.queue), ("j", 2, A.queue)]
    assert Rest("j", 1, 1) in assign(NOW, [job], [], WINDOW)


def test_chunk_in_which_the_mouth_rests_is_laid_anew_where_its_frames_were_lost() -> None:
    job = replace(lost(row(Stage.DONE, "dispatch")), rests=frozenset({0}))
    assert assign(NOW, [job], [A], WINDOW) == [Rest("j", 0, 2)]


def test_job_that_cuts_off_what_is_on_air_gets_its_first_chunk_however_slow_the_workers() -> None:
    on_air = replace(JOB, first=8, airs_in=8 - 183)  # chunk 8 airs in 8 frames
    now = replace(JOB, id="now", airs_in=60, cuts_off=True)
    assert sends(assign(NOW, [on_air, now], [A], WINDOW)) == [("now", 0, A.queue), ("j", 8, A.queue)]
