"""What turns sound into a mouth. A worker has one engine, named by the setting `engine`."""

import logging
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path

from workers.engines.interface import Engine

log = logging.getLogger(__name__)

BUILT_IN = {
    "latentsync": "workers.engines.latentsync:LatentSyncEngine",
    "viseme": "workers.engines.viseme:VisemeEngine",
}

WEIGHTS = ("latentsync_unet.pt", "whisper/tiny.pt", "vae/config.json")
VAE_WEIGHTS = ("vae/diffusion_pytorch_model.safetensors", "vae/diffusion_pytorch_model.bin")
"""What LatentSync loads: all of `WEIGHTS`, and one of `VAE_WEIGHTS`."""


def default(checkpoints: Path) -> str:
    """Return the engine for a worker that is told none: LatentSync on a GPU with its weights, else viseme."""
    if find_spec("torch") is None or not import_module("torch").cuda.is_available():
        return "viseme"
    missing = _missing(checkpoints)
    if missing:
        log.warning("a GPU is here, and viseme renders: %s lacks %s", checkpoints, ", ".join(missing))
    return "viseme" if missing else "latentsync"


def _missing(checkpoints: Path) -> list[str]:
    missing = [name for name in WEIGHTS if not (checkpoints / name).is_file()]
    has_vae = any((checkpoints / name).is_file() for name in VAE_WEIGHTS)
    return missing if has_vae else [*missing, VAE_WEIGHTS[0]]


def load(name: str) -> Engine:
    """Return the engine called `name`: a built-in one, or `package.module:Class`.

    Raises:
        ValueError: there is no such engine.
    """
    module, _, cls = BUILT_IN.get(name, name).partition(":")
    try:
        engine: Engine = getattr(import_module(module), cls)()
    except (ImportError, AttributeError, ValueError) as error:
        known = ", ".join(BUILT_IN)
        raise ValueError(f"no engine {name!r} ({error}); use {known}, or package.module:Class") from error
    return engine
