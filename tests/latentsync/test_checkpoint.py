import json
import re
from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors.torch import save_file
from torch import nn

from latentsync.checkpoint import load_unet, load_vae, load_whisper
from latentsync.config import UNetConfig, VAEConfig, WhisperConfig
from latentsync.errors import CheckpointError
from latentsync.vae import make_vae
from latentsync.whisper import WhisperEncoder
from tests.latentsync.networks import TINY, tiny_unet

WHISPER = WhisperConfig(layers=1, width=16, heads=2, positions=10, bands=8)
VAE = VAEConfig(block_out_channels=(32, 32), layers_per_block=1)
F32 = torch.float32


def saved(path: Path, contents: Any) -> Path:
    torch.save(contents, path)
    return path


def refusal(path: Path, config: UNetConfig = TINY) -> str:
    with pytest.raises(CheckpointError) as caught:
        load_unet(path, config, "cpu", F32)
    assert str(path) in str(caught.value)
    return str(caught.value)


def assert_same(ours: nn.Module, theirs: nn.Module) -> None:
    right = theirs.state_dict()
    assert list(ours.state_dict()) == list(right)
    assert all(torch.equal(value, right[name]) for name, value in ours.state_dict().items())


@pytest.mark.parametrize("wrapped", [True, False])
def test_a_unet_is_loaded_with_or_without_its_wrapping(tmp_path: Path, wrapped: bool) -> None:
    weights = tiny_unet().state_dict()
    contents = {"state_dict": weights, "global_step": 7} if wrapped else weights
    unet = load_unet(saved(tmp_path / "unet.pt", contents), TINY, "cpu", F32)
    assert_same(unet, tiny_unet())


def test_a_loaded_network_is_ready_to_infer_with(tmp_path: Path) -> None:
    unet = load_unet(saved(tmp_path / "unet.pt", tiny_unet().state_dict()), TINY, "cpu", torch.float16)
    assert not unet.training
    assert not any(value.requires_grad for value in unet.parameters())
    assert {value.dtype for value in unet.parameters()} == {torch.float16}
    assert unet.conv_in.weight.is_contiguous(memory_format=torch.channels_last)


def test_parameters_that_do_not_fit_are_listed(tmp_path: Path) -> None:
    weights = dict(tiny_unet().state_dict())
    del weights["conv_in.bias"], weights["mid_block.resnets.1.norm2.weight"]
    weights["conv_out.scale"] = torch.ones(1)
    weights["conv_out.bias"] = torch.ones(5)
    text = refusal(saved(tmp_path / "unet.pt", weights))
    assert "2 missing (conv_in.bias, mid_block.resnets.1.norm2.weight)" in text
    assert "1 unexpected (conv_out.scale)" in text
    assert "1 of another shape (conv_out.bias (5,) instead of (4,))" in text


def test_a_long_list_is_cut_and_counted(tmp_path: Path) -> None:
    text = refusal(saved(tmp_path / "unet.pt", {"state_dict": {}}))
    expected = len(tiny_unet().state_dict())
    assert f"{expected} missing (conv_in.weight, conv_in.bias, " in text
    assert f" and {expected - 10} more)" in text


def test_a_later_versions_motion_modules_are_named(tmp_path: Path) -> None:
    extra = {"down_blocks.0.motion_modules.0.temporal_transformer.norm.weight": torch.ones(1)}
    path = saved(tmp_path / "unet.pt", {"state_dict": tiny_unet().state_dict() | extra})
    assert "of LatentSync 1.5 or 1.6 (it has motion modules): 1.0's is needed" in refusal(path)


def test_a_later_versions_config_is_named(tmp_path: Path) -> None:
    config = {"data": {"resolution": 512, "num_frames": 16}}
    path = saved(tmp_path / "unet.pt", {"state_dict": tiny_unet().state_dict(), "config": config})
    assert "of LatentSync 1.5 or 1.6 (its config is for faces of 512 pixels)" in refusal(path)


def test_the_versions_own_config_is_no_reason(tmp_path: Path) -> None:
    config = {"data": {"resolution": 256}}
    path = saved(tmp_path / "unet.pt", {"state_dict": tiny_unet().state_dict(), "config": config})
    assert_same(load_unet(path, TINY, "cpu", F32), tiny_unet())


@pytest.mark.parametrize("kept", [0.1, 0.5, 0.99])
def test_a_truncated_file_says_so(tmp_path: Path, kept: float) -> None:
    path = saved(tmp_path / "unet.pt", tiny_unet().state_dict())
    whole = path.read_bytes()
    path.write_bytes(whole[: int(kept * len(whole))])
    size = path.stat().st_size
    assert refusal(path) == f"{path} is truncated: it ends after {size} bytes. Fetch it again."


@pytest.mark.parametrize("content", [b"", b"version https://git-lfs.github.com/spec/v1", b"<!DOCTYPE html>"])
def test_what_is_no_weight_file_is_shown(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "unet.pt"
    path.write_bytes(content)
    assert refusal(path) == f"{path} is no PyTorch weight file: it starts with {content[:4]!r}."


def test_a_missing_file_says_how_to_get_it(tmp_path: Path) -> None:
    assert refusal(tmp_path / "unet.pt").endswith("is missing: `make checkpoints` fetches it.")


def test_code_in_a_file_is_not_run(tmp_path: Path) -> None:
    class Trap:
        def __reduce__(self) -> Any:
            return (Path.touch, (tmp_path / "ran",))

    assert "holds more or less than weights" in refusal(saved(tmp_path / "unet.pt", {"state_dict": Trap()}))
    assert not (tmp_path / "ran").exists()


def test_a_file_without_a_dict_is_refused(tmp_path: Path) -> None:
    assert "holds a list, not a dict" in refusal(saved(tmp_path / "unet.pt", [1, 2]))


@pytest.mark.parametrize(
    ("contents", "said"),
    [
        ({"state_dict": [1]}, "its state_dict holds a list, not a dict of weights."),
        ({"state_dict": {3: torch.ones(1)}}, "its state_dict holds 3 as a parameter's name."),
        ({3: torch.ones(1)}, "it holds 3 as a parameter's name."),
    ],
)
def test_weights_of_the_wrong_kind_are_refused_in_a_sentence(
    tmp_path: Path, contents: Any, said: str
) -> None:
    assert refusal(saved(tmp_path / "unet.pt", contents)).endswith(f"is no weight file: {said}")


def test_whispers_weights_of_the_wrong_kind_are_refused_in_a_sentence(tmp_path: Path) -> None:
    with pytest.raises(CheckpointError, match="its model_state_dict holds a int, not a dict of weights"):
        load_whisper(saved(tmp_path / "tiny.pt", {"model_state_dict": 7}), WHISPER, "cpu", F32)


def whisper_file(path: Path, **extra: torch.Tensor) -> tuple[Path, WhisperEncoder]:
    encoder = WhisperEncoder(WHISPER)
    weights = {f"encoder.{name}": value for name, value in encoder.state_dict().items()}
    contents = {"dims": {"n_mels": 8}, "model_state_dict": weights | extra}
    return saved(path, contents), encoder


def test_of_whisper_only_the_encoder_is_taken(tmp_path: Path) -> None:
    path, encoder = whisper_file(tmp_path / "tiny.pt", **{"decoder.ln.bias": torch.ones(3)})
    assert_same(load_whisper(path, WHISPER, "cpu", F32), encoder)


def test_a_whisper_of_another_size_is_refused(tmp_path: Path) -> None:
    path, _ = whisper_file(tmp_path / "base.pt", **{"encoder.blocks.1.attn_ln.bias": torch.ones(16)})
    with pytest.raises(CheckpointError, match=r"1 unexpected \(blocks.1.attn_ln.bias\)"):
        load_whisper(path, WHISPER, "cpu", F32)


def vae_folder(folder: Path, **said: Any) -> tuple[Path, nn.Module]:
    vae = make_vae(VAE)
    config = {"block_out_channels": [32, 32], "layers_per_block": 1, "latent_channels": 4}
    (folder / "config.json").write_text(json.dumps(config | said))
    return folder, vae


def test_a_vae_is_loaded_from_safetensors(tmp_path: Path) -> None:
    folder, vae = vae_folder(tmp_path, scaling_factor=0.18215)
    save_file(vae.state_dict(), folder / "diffusion_pytorch_model.safetensors")
    assert_same(load_vae(folder, VAE, "cpu", F32), vae)


def test_a_vae_is_loaded_from_a_pickle_with_the_names_of_its_time(tmp_path: Path) -> None:
    folder, vae = vae_folder(tmp_path)
    old = {"to_q": "query", "to_k": "key", "to_v": "value", "to_out.0": "proj_attn"}
    renamed = re.compile("to_q|to_k|to_v|to_out.0")
    weights = {renamed.sub(lambda new: old[new[0]], name): value for name, value in vae.state_dict().items()}
    assert "decoder.mid_block.attentions.0.proj_attn.weight" in weights
    saved(folder / "diffusion_pytorch_model.bin", weights)
    assert_same(load_vae(folder, VAE, "cpu", F32), vae)


def test_a_vae_of_another_kind_is_refused(tmp_path: Path) -> None:
    folder, _ = vae_folder(tmp_path, scaling_factor=0.13025)
    with pytest.raises(CheckpointError, match=r"another VAE: scaling_factor is 0\.13025, not 0\.18215"):
        load_vae(folder, VAE, "cpu", F32)


def test_a_vae_config_of_the_wrong_kind_is_refused_in_a_sentence(tmp_path: Path) -> None:
    (tmp_path / "config.json").write_text("[1, 2]")
    with pytest.raises(
        CheckpointError, match=r"config\.json holds a list, not a VAE's config: fetch it again"
    ):
        load_vae(tmp_path, VAE, "cpu", F32)


def test_a_truncated_vae_says_so(tmp_path: Path) -> None:
    folder, vae = vae_folder(tmp_path)
    path = folder / "diffusion_pytorch_model.safetensors"
    save_file(vae.state_dict(), path)
    path.write_bytes(path.read_bytes()[:-100])
    with pytest.raises(CheckpointError, match=r"safetensors is truncated or no weight file \("):
        load_vae(folder, VAE, "cpu", F32)


def test_a_vae_folder_says_what_it_lacks(tmp_path: Path) -> None:
    with pytest.raises(CheckpointError, match=r"config\.json is missing: `make checkpoints` fetches it"):
        load_vae(tmp_path, VAE, "cpu", F32)
    vae_folder(tmp_path)
    with pytest.raises(CheckpointError, match=r"diffusion_pytorch_model\.safetensors is missing"):
        load_vae(tmp_path, VAE, "cpu", F32)
