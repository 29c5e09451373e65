"""What the processes of a system hold, looked at again and again."""

from collections.abc import Iterator

from bench.process import descriptors, program, rss_anon_mb, threads
from bench.soak.lives import Life, Sample, life
from tests.system import System


class Holdings:
    """Samples of each process and of those that it started, by name and id."""

    def __init__(self, system: System) -> None:
        self._system = system
        self._samples: dict[tuple[str, int], list[Sample]] = {}

    def look(self, at_s: float, jobs: int) -> None:
        """Take a sample of each; `at_s` is now, and `jobs` are over."""
        for name, (pid, *children) in self._system.pids().items():
            self._take(name, pid, len(children), at_s, jobs)
            for child in children:
                self._take(f"{name}: {program(child)}", child, 0, at_s, jobs)

    def lives(self) -> Iterator[Life]:
        """Yield each process that was ever seen alive."""
        for (name, _), samples in self._samples.items():
            yield life(name, samples)

    def _take(self, name: str, pid: int, children: int, at_s: float, jobs: int) -> None:
        sample = Sample(at_s, rss_anon_mb(pid), descriptors(pid), threads(pid), children, jobs)
        if sample.threads:  # else it has just ended
            self._samples.setdefault((name, pid), []).append(sample)
