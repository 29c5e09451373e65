"""Which engine a worker gets: the one it is told, or the best that it can have."""

from importlib.machinery import ModuleSpec
from pathlib import Path

import pytest
import torch

from latentsync.checkpoint import VAE_FILES
from latentsync.lipsync import UNET, VAE, WHISPER
from tests.made_up_engine import MadeUpEngine
from workers import engines


@pytest.fixture
def weights(tmp_path: Path) -> Path:
    """A checkpoints folder with all files that there are to be, of no content."""
    for name in (*engines.WEIGHTS, engines.VAE_WEIGHTS[0]):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).touch()
    return tmp_path


def has_cuda(monkeypatch: pytest.MonkeyPatch, there: bool) -> None:
    monkeypatch.setattr(torch.cuda, "is_available", lambda: there)


def test_a_gpu_and_its_weights_give_latentsync(weights: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    has_cuda(monkeypatch, True)
    assert engines.default(weights) == "latentsync"
    (weights / engines.VAE_WEIGHTS[0]).rename(weights / engines.VAE_WEIGHTS[1])
    assert engines.default(weights) == "latentsync"


def test_weights_without_a_gpu_give_viseme(weights: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    has_cuda(monkeypatch, False)
    assert engines.default(weights) == "viseme"


@pytest.mark.parametrize("name", [*engines.WEIGHTS, engines.VAE_WEIGHTS[0]])
def test_a_gpu_that_lacks_a_weight_file_gives_viseme_and_says_which(
    weights: Path, name: str, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    has_cuda(monkeypatch, True)
    (weights / name).unlink()
    assert engines.default(weights) == "viseme"
    assert f"a GPU is here, and viseme renders: {weights} lacks {name}" in caplog.text


def test_a_folder_that_is_not_there_lacks_all(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    has_cuda(monkeypatch, True)
    assert engines.default(tmp_path / "nowhere") == "viseme"


def test_weights_without_torch_give_viseme(weights: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    has_cuda(monkeypatch, True)

    def find(name: str) -> ModuleSpec | None:
        assert name == "torch"
        return None

    monkeypatch.setattr(engines, "find_spec", find)
    assert engines.default(weights) == "viseme"


def test_the_files_that_are_looked_for_are_those_that_the_model_is_loaded_from() -> None:
    assert set(engines.WEIGHTS) == {str(UNET), str(WHISPER), str(VAE / "config.json")}
    assert tuple(str(VAE / name) for name in VAE_FILES) == engines.VAE_WEIGHTS


def test_an_engine_is_found_by_module_and_class() -> None:
    assert isinstance(engines.load("tests.made_up_engine:MadeUpEngine"), MadeUpEngine)


@pytest.mark.parametrize("name", ["nothing", "no.module:Class", "tests.made_up_engine:Nothing"])
def test_an_engine_that_is_not_there_is_refused_with_what_there_is(name: str) -> None:
    with pytest.raises(
        ValueError, match=r"no engine '.*'.*; use latentsync, viseme, or package\.module:Class"
    ):
        engines.load(name)
