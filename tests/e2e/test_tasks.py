"""Flower, as the demo starts it, sees every queue and every task."""

from collections.abc import Iterator
from http.client import HTTPException
from typing import Any

import pytest

from tests.client import Client
from tests.metering.chirps import speech, wav
from tests.system import HOST, System

QUEUES = {"prepare", "dispatch", f"gpu.{HOST}.0"}
TASKS = {"workers.prepare", "workers.dispatch", "workers.render"}


@pytest.fixture
def flower(system: System) -> Iterator[Client]:
    client = system.add_flower()
    system.await_that(lambda: served(client) == QUEUES, "seen by Flower")
    yield client
    system.remove("flower")


def asked(client: Client, path: str) -> dict[str, Any]:
    """Return what Flower tells; nothing while it starts."""
    try:
        answer = client.get(path)
    except (OSError, HTTPException):
        return {}
    return dict(answer.body) if answer.status == 200 else {}


def served(client: Client) -> set[str]:
    """Return the queues of the workers that Flower sees."""
    workers = asked(client, "/api/workers?refresh=true").values()
    return {queue["name"] for worker in workers for queue in worker.get("active_queues", ())}


def test_each_queues_worker_and_each_jobs_tasks_are_seen(system: System, flower: Client) -> None:
    job = system.client.speak(wav(speech(seed=5, seconds=0.6)))

    def done() -> dict[str, Any]:
        tasks = asked(flower, "/api/tasks").values()
        return {task["name"]: task["args"] for task in tasks if task["state"] == "SUCCESS"}

    system.await_that(lambda: done().keys() >= TASKS and system.client.is_over(job), "seen by Flower")
    assert job in done()["workers.prepare"]
    assert job in done()["workers.render"]
