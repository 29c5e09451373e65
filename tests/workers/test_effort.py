"""How much work a frame is: what a job wishes of LatentSync, and of no other engine."""

import pytest

from workers.effort import effort


@pytest.mark.parametrize("engine", ["viseme", "package.module:Class"])
def test_engine_without_steps_ignores_the_wish_for_them(engine: str) -> None:
    assert effort(engine, 50, 3.0) == 1.0


def test_what_is_rehearsed_counts_one() -> None:
    assert effort("latentsync", 20, 1.0) == 1.0


def test_guidance_doubles_the_steps_and_nothing_else() -> None:
    assert effort("latentsync", 20, 1.01) == effort("latentsync", 40, 1.0)
    assert 1.5 < effort("latentsync", 20, 1.5) < 2.0


def test_latentsync_of_any_weights_takes_as_long() -> None:
    assert effort("latentsync@01234567", 40, 1.5) == effort("latentsync", 40, 1.5)


def test_effort_grows_with_the_steps_and_never_ends_at_none() -> None:
    assert 0.1 < effort("latentsync", 1, 1.0) < effort("latentsync", 2, 1.0)
    assert effort("latentsync", 50, 1.0) == pytest.approx(53 / 23)
