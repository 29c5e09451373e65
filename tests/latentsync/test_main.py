import subprocess
import sys
from pathlib import Path

import av
import numpy as np
import pytest
import torch
from numpy.typing import NDArray

from latentsync import __main__ as command
from settings import Settings
from tests.avatars.clips import decode, of_presenter
from tests.latentsync.models import TINY, write_checkpoints
from tests.latentsync.sounds import write_tone
from tests.latentsync.test_film import pictures_of

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a clip of five frames, half a second of sound, and the tiny model's checkpoints."""
    folder = tmp_path_factory.mktemp("command")
    of_presenter(folder / "clip.mp4", "crop=600:360:8*n:0", frames=5)
    write_tone(folder / "tone.wav", 0.47)
    write_checkpoints(folder / "checkpoints")
    return folder


@pytest.fixture(autouse=True)
def _own_avatars(place: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(command, "settings", lambda: Settings(avatars_folder=place / "avatars"))


def run(place: Path, **options: object) -> int:
    """Run the command on the tiny model."""
    given = {
        "video": place / "clip.mp4",
        "audio": place / "tone.wav",
        "out": place / "out.mp4",
        "checkpoints": place / "checkpoints",
        "device": "cpu",
        "steps": 1,
        **options,
    }
    return command.main([part for name, value in given.items() for part in (f"--{name}", str(value))], TINY)


def body(picture: NDArray[np.uint8]) -> NDArray[np.int64]:
    """The picture's lowest rows, which no face reaches."""
    return picture[300:360].astype(np.int64)


def test_it_renders_the_whole_sound_on_the_clip_there_and_back(
    place: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(place, chunk=5) == 0
    said = capsys.readouterr()
    assert said.out.strip().endswith(f"{place / 'out.mp4'} is rendered")
    assert said.err == ""
    with av.open(str(place / "out.mp4")) as film:
        assert film.streams.video[0].average_rate == 25
        assert film.streams.audio[0].rate == 44_100
    pictures = pictures_of(place / "out.mp4")
    clip = decode(place / "clip.mp4")
    nearest = [int(np.argmin([np.abs(body(p) - body(c)).mean() for c in clip])) for p in pictures]
    assert nearest == [0, 1, 2, 3, 4, 3, 2, 1, 0, 1, 2, 3]
    changed = [np.abs(p.astype(int) - clip[i]).max() for p, i in zip(pictures, nearest, strict=True)]
    assert min(changed) > 60


def test_errors_are_one_sentence(place: Path, capsys: pytest.CaptureFixture[str]) -> None:
    wrong = {
        "audio": (place / "none.wav", "none.wav is not a file; give the path of a sound."),
        "video": (place / "tone.wav", "tone.wav is not a video or picture that can be read"),
        "checkpoints": (place, "latentsync_unet.pt is missing: `make checkpoints` fetches it."),
        "out": (place / "nowhere" / "out.mp4", "cannot be written"),
    }
    for option, (value, said) in wrong.items():
        assert run(place, **{option: value}) == 1
        complaint = capsys.readouterr().err
        assert said in complaint
        assert complaint.count("\n") == 1
    assert [path.name for path in place.glob("*out*")] in ([], ["out.mp4"])


@pytest.mark.skipif(torch.cuda.is_available(), reason="there is a GPU here")
def test_a_gpu_that_is_not_there_is_told(place: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(place, device="cuda") == 1
    assert capsys.readouterr().err == "No CUDA device is found here: leave --device out, or set it to cpu.\n"


@pytest.mark.parametrize(
    ("option", "value"),
    [
        ("chunk", "0"),
        ("steps", "1000"),
        ("seed", "-1"),
        ("windows", "x"),
        ("guidance", "nan"),
        ("guidance", "inf"),
        ("guidance", "-1"),
    ],
)
def test_options_that_cannot_work_are_refused(
    place: Path, option: str, value: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit, match="2"):
        run(place, **{option: value})
    assert f"argument --{option}" in capsys.readouterr().err


class FullGPU:
    """A model that loads; the memory of its GPU ends, or the GPU itself, when its steps are captured."""

    def __init__(self, error: Exception) -> None:
        self._error = error

    def capture(self, _: tuple[int, ...]) -> None:
        raise self._error


@pytest.mark.parametrize(
    ("error", "said"),
    [
        (
            torch.OutOfMemoryError("CUDA out of memory"),
            "The model and 16 frames at once do not fit into the device's memory: set a smaller --chunk, "
            "or end what else uses it.\n",
        ),
        (
            RuntimeError("CUDA error: an illegal memory access\nCompile with TORCH_USE_CUDA_DSA."),
            "Rendering on the GPU failed: CUDA error: an illegal memory access\n",
        ),
    ],
)
def test_a_gpu_that_fails_before_the_first_frame_is_one_sentence(
    place: Path,
    error: Exception,
    said: str,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    monkeypatch.setattr("latentsync.lipsync.load", lambda *_: FullGPU(error))
    assert run(place, device="cuda") == 1
    assert capsys.readouterr().err == said


def test_checkpoints_are_looked_for_where_the_settings_say(
    place: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    values = Settings(avatars_folder=place / "avatars", checkpoints_folder=place / "elsewhere")
    monkeypatch.setattr(command, "settings", lambda: values)
    files = {"video": place / "clip.mp4", "audio": place / "tone.wav", "out": place / "out.mp4"}
    given = [part for name, value in files.items() for part in (f"--{name}", str(value))]
    assert command.main([*given, "--device", "cpu"], TINY) == 1
    assert f"{place / 'elsewhere' / 'latentsync_unet.pt'} is missing" in capsys.readouterr().err


def test_it_runs_as_a_module() -> None:
    arguments = ["--video", "none.mp4", "--audio", "none.wav", "--out", "out.mp4"]
    done = subprocess.run(
        [sys.executable, "-m", "latentsync", *arguments],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.returncode, done.stderr) == (1, "none.wav is not a file; give the path of a sound.\n")
