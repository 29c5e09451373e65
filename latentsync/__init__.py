"""LatentSync 1.0: from sound and faces to speaking faces.

Names are loaded when they are first used: the root, `config`, `geometry`, `mask` and `mel` need no torch.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

from latentsync.config import (
    LATENTSYNC_1_0,
    ModelConfig,
    SamplerConfig,
    UNetConfig,
    VAEConfig,
    WhisperConfig,
)
from latentsync.errors import CheckpointError, LatentSyncError

if TYPE_CHECKING:
    from latentsync.features import sound_features, window_features
    from latentsync.lipsync import LipSync, load
    from latentsync.mel import log_mel
    from latentsync.sampler import Sampler
    from latentsync.unet import UNet
    from latentsync.whisper import WhisperEncoder

__all__ = [
    "LATENTSYNC_1_0",
    "CheckpointError",
    "LatentSyncError",
    "LipSync",
    "ModelConfig",
    "Sampler",
    "SamplerConfig",
    "UNet",
    "UNetConfig",
    "VAEConfig",
    "WhisperConfig",
    "WhisperEncoder",
    "load",
    "log_mel",
    "sound_features",
    "window_features",
]

_HOMES = {
    "LipSync": "lipsync",
    "Sampler": "sampler",
    "UNet": "unet",
    "WhisperEncoder": "whisper",
    "load": "lipsync",
    "log_mel": "mel",
    "sound_features": "features",
    "window_features": "features",
}


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{_HOMES[name]}"), name)


def __dir__() -> list[str]:
    return __all__
