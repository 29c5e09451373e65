"""The engine with weights: the LatentSync 1.0 model of `checkpoints/`, on a GPU, or slowly on a CPU."""

from workers.engines.latentsync.engine import LatentSyncEngine

__all__ = ["LatentSyncEngine"]
