"""The LatentSync engine with a model that a CPU runs at the stream's pace: the same path with few numbers.

Used with `LIVE_ENGINE=tests.tiny_engine:TinyEngine`, and `LIVE_CHECKPOINTS_FOLDER` filled by
`tests.latentsync.models.write_checkpoints` for `TINIEST`.
"""

from tests.latentsync.models import TINIEST
from workers.engines.latentsync import LatentSyncEngine


class TinyEngine(LatentSyncEngine):
    """On the CPU, whatever else there is."""

    config = TINIEST

    def __init__(self) -> None:
        super().__init__()
        self.device = "cpu"
