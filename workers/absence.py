"""Since when no worker of an engine has lived, as one dispatch worker saw it."""

from collections.abc import Iterable, Mapping

from wire.workers import Worker


class Absence:
    """Notes at each pass which of the engines asked for have no worker."""

    def __init__(self) -> None:
        self._since_ms: dict[str, int] = {}

    def note(self, now_ms: int, engines: Iterable[str], workers: Iterable[Worker]) -> Mapping[str, float]:
        """Return for how many seconds each of `engines` that has no worker now has had none."""
        missing = set(engines) - {worker.engine for worker in workers}
        self._since_ms = {engine: self._since_ms.get(engine, now_ms) for engine in missing}
        return {engine: (now_ms - since) / 1000 for engine, since in self._since_ms.items()}
