"""What turns sound into a mouth. A worker has one engine, named by the setting `engine`."""

from importlib import import_module
from importlib.util import find_spec
from pathlib import Path

from workers.engines.interface import Engine

BUILT_IN = {
    "latentsync": "workers.engines.latentsync:LatentSyncEngine",
    "viseme": "workers.engines.viseme:VisemeEngine",
}


def default(checkpoints: Path) -> str:
    """Return the engine for a worker that is told none: LatentSync on a GPU with its weights, else viseme."""
    if not (checkpoints / "latentsync_unet.pt").is_file() or find_spec("torch") is None:
        return "viseme"
    return "latentsync" if import_module("torch").cuda.is_available() else "viseme"


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
