"""A pass looks once and commits once, and not at all where another was quicker."""

from redis import Redis

from wire import channels, connection, jobs, keys, turns, workers
from wire.channels import Channel
from wire.jobs import Job, State
from wire.workers import Worker

JOB = Job("j", "main", State.RENDERING, 0, frames=100)
WORKER = Worker("gpu.h.0", "render", "gpu.h.0", "cpu", "viseme", 25.0, "life")


def test_a_look_tells_of_workers_and_of_what_airs_next_by_the_brokers_clock(broker: Redis) -> None:
    workers.beat(broker, WORKER, "me")
    broker.persist(keys.worker(WORKER.name))
    channels.report(broker, Channel("main", "hash", 250, 1280, 720, 1000))
    jobs.admit(broker, JOB, 9)
    before = connection.now_ms(broker)
    seen = turns.look(broker, 10)
    assert before <= seen.now_ms <= connection.now_ms(broker)
    assert list(seen.workers) == [WORKER]
    assert [[job for job, _ in line.jobs] for line in seen.lineups] == [[JOB]]


def test_of_two_that_looked_at_once_the_first_alone_commits(broker: Redis) -> None:
    first, second = turns.look(broker, 10), turns.look(broker, 10)
    assert turns.commit(broker, first.turn, [("INCR", keys.TURN), ("HSET", "record", "who", "first")])
    assert not turns.commit(broker, second.turn, [("INCR", keys.TURN), ("HSET", "record", "who", "second")])
    assert broker.hgetall("record") == {"who": "first"}


def test_texts_are_committed_as_they_are(broker: Redis) -> None:
    text = 'the sound "你好" \\ 🎤 {"a": [1]}'
    assert turns.commit(broker, turns.look(broker, 10).turn, [("SET", "text", text)])
    assert broker.get("text") == text


def test_a_broker_that_forgot_the_scripts_is_told_them_again(broker: Redis) -> None:
    turns.look(broker, 10)
    broker.script_flush()
    assert turns.look(broker, 10).lineups == []
    broker.script_flush()
    assert turns.commit(broker, "0", [("SET", "known", "1")])
