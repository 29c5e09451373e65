"""A worker's queue tells its role."""

import pytest

from workers.role import role_of


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
