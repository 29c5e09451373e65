"""What a dispatch pass sees: which engine a job gets."""

from wire.workers import Worker
from workers.views import pin_engine


def worker(engine: str, speed: float, number: int = 0) -> Worker:
    queue = f"gpu.h.{number}"
    return Worker(queue, "render", queue, "", engine, speed)


def test_latentsync_goes_before_any_faster_preview() -> None:
    assert pin_engine([worker("viseme", 200.0), worker("latentsync", 60.0)]) == "latentsync"
    assert pin_engine([worker("own.engine:Engine", 200.0), worker("latentsync", 60.0)]) == "latentsync"


def test_latentsync_of_any_weights_goes_before_a_preview() -> None:
    seen = [worker("viseme", 200.0), worker("latentsync@01234567", 80.0, 1)]
    assert pin_engine(seen) == "latentsync@01234567"


def test_of_other_engines_the_one_with_most_frames_a_second_over_all_its_workers_goes_first() -> None:
    own = [worker("own.engine:Engine", 60.0, number) for number in range(2)]
    assert pin_engine([worker("viseme", 100.0), *own]) == "own.engine:Engine"
    assert pin_engine([worker("viseme", 130.0), *own]) == "viseme"


def test_no_worker_gives_no_engine() -> None:
    assert pin_engine([]) == ""
