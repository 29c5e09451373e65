"""What is borrowed from diffusers: its VAE and its DDIM scheduler, without what only its other models need.

With these two comes the base of all of diffusers' models, and with that whatever they can be loaded, trained
or compiled with: transformers and many more where they are installed, and torch's compiler for marks on some
classes. Nothing of it is used here, and importing it would take a third of a worker's start.
"""

import importlib.metadata
import importlib.util
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.machinery import ModuleSpec
from types import ModuleType
from typing import Any

_NEEDED = ("huggingface_hub", "safetensors", "torch")
_COMPILER = "torch._dynamo"


class _NoCompiler(ModuleType):
    """Stands in for the compiler where classes and functions are marked for it: they stay as they are."""

    @staticmethod
    def allow_in_graph(marked: Any) -> Any:
        return marked

    @staticmethod
    def disable(marked: Any = None, *_: object, **__: object) -> Any:
        return _NoCompiler.allow_in_graph if marked is None else marked


@contextmanager
def _alone() -> Iterator[None]:
    """Let diffusers find none of the packages that it can do without, and no compiler.

    All of them can be imported afterwards; but diffusers looks for its packages once, so those of its models
    that want one will say that it is not installed. Nothing is hidden if any of this is imported already.
    """
    stand_ins: dict[str, Any] = {_COMPILER: _NoCompiler(_COMPILER), "transformers": None}
    if any(name in sys.modules for name in ("diffusers", *stand_ins)):
        yield
        return
    find, list_all = importlib.util.find_spec, importlib.metadata.packages_distributions

    def find_needed(name: str, package: str | None = None) -> ModuleSpec | None:
        return find(name, package) if name in _NEEDED else None

    importlib.util.find_spec = find_needed  # which diffusers asks for each
    importlib.metadata.packages_distributions = dict  # reads a file or two of everything that is installed
    sys.modules.update(stand_ins)  # which diffusers imports without asking
    try:
        yield
    finally:
        importlib.util.find_spec, importlib.metadata.packages_distributions = find, list_all
        for name in stand_ins:
            del sys.modules[name]


with _alone():
    from diffusers.models.autoencoders.autoencoder_kl import AutoencoderKL
    from diffusers.schedulers.scheduling_ddim import DDIMScheduler

__all__ = ["AutoencoderKL", "DDIMScheduler"]
