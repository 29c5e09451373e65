"""A prepared job is pinned to the engine that can carry it."""

from wire.workers import Worker
from workers.prepare import pin_engine


def worker(engine: str, speed: float, role: str = "render") -> Worker:
    return Worker("n", role, "q", "cpu", engine, speed)


def test_job_is_pinned_to_the_engine_with_most_frames_a_second() -> None:
    live = [worker("viseme", 90), worker("latentsync", 60), worker("latentsync", 60)]
    assert pin_engine(live, "none") == "latentsync"


def test_without_a_render_worker_the_setting_decides() -> None:
    assert pin_engine([worker("", 0, "prepare")], "viseme") == "viseme"
