"""A worker's queue tells its role."""

from types import SimpleNamespace

import pytest
from celery.concurrency import get_implementation

from workers.role import check_pool, role_of


@pytest.mark.parametrize(
    ("queue", "role", "name"),
    [
        ("prepare", "prepare", "node@h"),
        ("dispatch", "dispatch", "node@h"),
        ("gpu.h.0", "render", "gpu.h.0"),
        ("gpu.host.with.dots.12", "render", "gpu.host.with.dots.12"),
    ],
)
def test_queue_tells_the_role(queue: str, role: str, name: str) -> None:
    got = role_of([queue], "node@h")
    assert (got.role, got.name, got.queue) == (role, name, queue)


@pytest.mark.parametrize(
    "queues", [["celery"], [], ["prepare", "dispatch"], ["gpu.h.x"], ["gpu.0"], ["gpu..0"]]
)
def test_other_queues_are_refused_with_what_to_do(queues: list[str]) -> None:
    with pytest.raises(ValueError, match="start it with -Q"):
        role_of(queues, "node@h")


@pytest.mark.parametrize("pool", ["solo", "threads"])
def test_worker_that_could_not_outlive_a_crash_does_not_start(pool: str) -> None:
    with pytest.raises(SystemExit, match="prefork"):
        check_pool(SimpleNamespace(worker_pool="prefork"), {"pool": get_implementation(pool)})


@pytest.mark.parametrize("pool", [None, "prefork", get_implementation("prefork")])
def test_worker_in_the_pool_that_is_celerys_choice_starts(pool: object) -> None:
    check_pool(SimpleNamespace(worker_pool="prefork"), {"pool": pool})
