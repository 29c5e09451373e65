"""Weight files into networks: only tensors are read from a file, and only exactly the right ones taken."""

import json
import pickle
import zipfile
from collections.abc import Callable, Collection, Iterator
from pathlib import Path
from typing import Any, TypeVar

import torch
from safetensors import SafetensorError
from safetensors.torch import load_file
from torch import Tensor, nn

from latentsync.borrowed import AutoencoderKL
from latentsync.config import UNetConfig, VAEConfig, WhisperConfig
from latentsync.errors import CheckpointError
from latentsync.unet import UNet
from latentsync.vae import make_vae
from latentsync.whisper import WhisperEncoder

Network = TypeVar("Network", bound=nn.Module)

VAE_FILES = ("diffusion_pytorch_model.safetensors", "diffusion_pytorch_model.bin")
"""In the order in which they are looked for."""

_LATER_SIDE_PX = 512  # of the faces of 1.6
_SHOWN = 10  # names of each kind that an error lists
_ZIP_START = b"PK\x03\x04"

# The VAE was published when diffusers still called its attention's parts so.
_VAE_RENAMES = {".query.": ".to_q.", ".key.": ".to_k.", ".value.": ".to_v.", ".proj_attn.": ".to_out.0."}


def load_unet(path: Path, config: UNetConfig, device: torch.device | str, dtype: torch.dtype) -> UNet:
    """Return the UNet of `latentsync_unet.pt`, to infer with, in channels-last memory.

    The file holds the state dict itself, or a dict with it as `state_dict`.

    Raises:
        CheckpointError: the file is missing, damaged, of LatentSync 1.5 or 1.6, or not of this network; the
            text says which, and lists the parameters that do not fit.
    """
    contents = _read(path)
    weights = _named(path, contents.get("state_dict", contents), "its state_dict")
    _refuse_later_versions(path, contents, weights)
    return _filled(lambda: UNet(config), weights, path, "LatentSync 1.0's UNet", device, dtype)


def load_whisper(
    path: Path, config: WhisperConfig, device: torch.device | str, dtype: torch.dtype
) -> WhisperEncoder:
    """Return the encoder of `tiny.pt`, to infer with; the decoder beside it is left alone.

    Raises:
        CheckpointError: as of `load_unet`.
    """
    weights = _named(path, _read(path).get("model_state_dict", {}), "its model_state_dict")
    prefix = "encoder."
    own = {name.removeprefix(prefix): weights[name] for name in weights if name.startswith(prefix)}
    return _filled(lambda: WhisperEncoder(config), own, path, "Whisper-tiny's encoder", device, dtype)


def load_vae(
    folder: Path, config: VAEConfig, device: torch.device | str, dtype: torch.dtype
) -> AutoencoderKL:
    """Return the VAE of a diffusers folder: `config.json`, and one of `VAE_FILES`; to infer with.

    Raises:
        CheckpointError: as of `load_unet`; or `config.json` describes another VAE.
    """
    _check_vae_config(folder / "config.json", config)
    files = [folder / name for name in VAE_FILES]
    path = next((file for file in files if file.is_file()), files[0])
    weights = {_renamed(name): value for name, value in _read(path).items()}
    return _filled(lambda: make_vae(config), weights, path, "Stable Diffusion 1's VAE", device, dtype)


def _check_vae_config(path: Path, config: VAEConfig) -> None:
    try:
        said = json.loads(path.read_text())
    except FileNotFoundError as error:
        raise _missing(path) from error
    except ValueError as error:
        raise CheckpointError(f"{path} is no JSON ({error}): fetch it again.") from error
    if not isinstance(said, dict):
        raise CheckpointError(f"{path} holds a {type(said).__name__}, not a VAE's config: fetch it again.")
    right = {
        "block_out_channels": list(config.block_out_channels),
        "layers_per_block": config.layers_per_block,
        "latent_channels": config.latent_channels,
        "norm_num_groups": config.groups,
        "scaling_factor": config.scaling,
    }
    for name, value in right.items():
        if said.get(name, value) != value:
            raise CheckpointError(f"{path} describes another VAE: {name} is {said[name]}, not {value}.")


def _renamed(name: str) -> str:
    for old, new in _VAE_RENAMES.items():
        name = name.replace(old, new)
    return name


def _read(path: Path) -> dict[str, Any]:
    """Return what a weight file holds; its tensors stay on disk until they are used."""
    if not path.is_file():
        raise _missing(path)
    contents = _read_safetensors(path) if path.suffix == ".safetensors" else _read_torch(path)
    return _named(path, contents, "it")


def _named(path: Path, contents: Any, what: str) -> dict[str, Any]:
    if not isinstance(contents, dict):
        kind = type(contents).__name__
        raise CheckpointError(f"{path} is no weight file: {what} holds a {kind}, not a dict of weights.")
    wrong = next((name for name in contents if not isinstance(name, str)), None)
    if wrong is not None:
        raise CheckpointError(f"{path} is no weight file: {what} holds {wrong!r} as a parameter's name.")
    return contents


def _read_safetensors(path: Path) -> dict[str, Tensor]:
    try:
        return load_file(path)
    except SafetensorError as error:
        raise CheckpointError(f"{path} is truncated or no weight file ({error}): fetch it again.") from error


def _read_torch(path: Path) -> Any:
    with path.open("rb") as file:
        start = file.read(len(_ZIP_START))
    if start != _ZIP_START:
        raise CheckpointError(f"{path} is no PyTorch weight file: it starts with {start!r}.")
    if not zipfile.is_zipfile(path):  # the directory comes last
        size = path.stat().st_size
        raise CheckpointError(f"{path} is truncated: it ends after {size} bytes. Fetch it again.")
    try:
        return torch.load(path, map_location="cpu", weights_only=True, mmap=True)
    except (RuntimeError, pickle.UnpicklingError) as error:
        reason = str(error).partition("\n")[0]
        raise CheckpointError(f"{path} holds more or less than weights: {reason}") from error


def _missing(path: Path) -> CheckpointError:
    return CheckpointError(f"{path} is missing: `make checkpoints` fetches it.")


def _refuse_later_versions(path: Path, contents: dict[str, Any], weights: Collection[str]) -> None:
    reason = ""
    if any("motion_modules" in name for name in weights):
        reason = "it has motion modules"
    elif _LATER_SIDE_PX in _resolutions(contents.get("config")):
        reason = f"its config is for faces of {_LATER_SIDE_PX} pixels"
    if reason:
        raise CheckpointError(f"{path} is of LatentSync 1.5 or 1.6 ({reason}): 1.0's is needed.")


def _resolutions(config: Any) -> Iterator[Any]:
    if isinstance(config, dict):
        for name, value in config.items():
            yield from [value] if name == "resolution" else _resolutions(value)


def _filled(
    make: Callable[[], Network],
    weights: dict[str, Any],
    path: Path,
    title: str,
    device: torch.device | str,
    dtype: torch.dtype,
) -> Network:
    with torch.device("meta"):  # no time goes into random weights
        network = make()
    misfits = _misfits(network.state_dict(), weights)
    if misfits:
        raise CheckpointError(f"{path} is not {title}: {'; '.join(misfits)}.")
    network.load_state_dict(weights, assign=True)
    # torch's own `to`: that of diffusers tells of layers kept in float32, of which there are none here
    nn.Module.to(network, device, dtype, memory_format=torch.channels_last)  # type: ignore[call-overload]
    return network.eval().requires_grad_(False)


def _misfits(expected: dict[str, Tensor], found: dict[str, Any]) -> list[str]:
    shapes = {name: tuple(getattr(value, "shape", ())) for name, value in found.items()}
    misshapen = [
        f"{name} {shapes[name]} instead of {tuple(value.shape)}"
        for name, value in expected.items()
        if name in shapes and shapes[name] != tuple(value.shape)
    ]
    kinds = {
        "missing": [name for name in expected if name not in found],
        "unexpected": [name for name in found if name not in expected],
        "of another shape": misshapen,
    }
    return [f"{len(names)} {kind} ({_listed(names)})" for kind, names in kinds.items() if names]


def _listed(names: list[str]) -> str:
    more = len(names) - _SHOWN
    return ", ".join(names[:_SHOWN]) + (f" and {more} more" if more > 0 else "")
