"""`python -m latentsync --video clip.mp4 --audio speech.wav --out out.mp4`: render a whole sound by hand.

The clip becomes an avatar first, as for the stream. Of this package only this file knows of avatars and
settings; all else in it can be used without them.
"""

import argparse
import sys
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import TypeVar

from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn

from avatars.errors import AvatarError
from avatars.loop import there_and_back
from avatars.prepare import prepare
from avatars.probe import FPS, Limits
from avatars.store import Avatar, open_avatar
from latentsync.config import LATENTSYNC_1_0, ModelConfig
from latentsync.errors import LatentSyncError
from latentsync.film import Film
from latentsync.geometry import Picture
from latentsync.mel import RATE_HZ, Sound
from latentsync.speech import read_speech
from settings import settings

CHUNK_FRAMES = 16
"""As the published code renders."""

SAMPLES_A_FRAME = RATE_HZ // FPS

MOST_GUIDANCE = 20.0
"""Far beyond what gives a picture; 1.5 to 3 is usual."""

Bound = TypeVar("Bound", int, float)


def main(arguments: Sequence[str] | None = None, config: ModelConfig = LATENTSYNC_1_0) -> int:
    """Run the command with checkpoints of a model of these sizes; return the process's exit status."""
    options = _parser(config.sampler.steps).parse_args(arguments)
    console = Console()
    columns = (TextColumn("{task.description}"), BarColumn(), TextColumn("{task.percentage:.0f} %"))
    try:
        with Progress(*columns, TimeRemainingColumn(), console=console, transient=True) as bars:
            _make_film(options, config, bars)
    except (LatentSyncError, AvatarError) as error:
        sys.stderr.write(f"{error}\n")
        return 1
    except KeyboardInterrupt:
        return 130
    console.print(f"{options.out} is rendered", soft_wrap=True, highlight=False)
    return 0


def _parser(steps: int) -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m latentsync",
        description="Let the person of a clip speak a sound.",
        formatter_class=argparse.ArgumentDefaultsHelpFormatter,
    )
    add = parser.add_argument
    add("--video", type=Path, required=True, help="a video or picture of a face")
    add("--audio", type=Path, required=True, help="the sound to speak, of any length")
    add("--out", type=Path, required=True, help="the film to make, such as out.mp4")
    add("--checkpoints", type=Path, default=settings().checkpoints_folder, help="folder of the weights")
    add("--device", choices=("cpu", "cuda"), help="by default cuda, where there is one")
    add("--chunk", type=_number(1, 1000), default=CHUNK_FRAMES, help="frames rendered together")
    add("--steps", type=_number(1, 999), default=steps, help="of denoising")
    guidance = "above 1, the sound is followed more closely"
    add("--guidance", type=_number(0.0, MOST_GUIDANCE), default=1.0, help=guidance)
    add("--seed", type=_number(0, 2**63 - 1), default=0, help="of the noise")
    windows = "how a sound over 30 s is heard: without breaks, or as the published code does"
    add("--windows", choices=("overlap", "reference"), default="overlap", help=windows)
    return parser


def _number(least: Bound, most: Bound) -> Callable[[str], Bound]:
    """Return what reads a number of the bounds' type; `nan` is within no bounds."""

    def number(text: str) -> Bound:
        value = type(least)(text)
        if not least <= value <= most:
            raise argparse.ArgumentTypeError(f"{text} is not from {least} to {most}")
        return value

    return number


def _make_film(options: argparse.Namespace, config: ModelConfig, bars: Progress) -> None:
    samples = read_speech(options.audio)
    avatar = _prepared(options.video, bars)
    frames = -(-len(samples) // SAMPLES_A_FRAME)  # a started frame counts
    clip_frames = [there_and_back(i, avatar.frames) for i in range(frames)]
    bar = bars.add_task(f"{options.out.name}: loading the model", total=None)
    with Film(options.out, avatar.width, avatar.height, options.audio) as film:
        for i, picture in enumerate(_pictures(options, config, avatar, clip_frames, samples)):
            film.write(picture)
            bars.update(bar, description=f"{options.out.name}: rendering", completed=i + 1, total=frames)


def _prepared(clip: Path, bars: Progress) -> Avatar:
    values = settings()
    limits = Limits(values.avatar_max_s, values.avatar_max_side_px)
    bar = bars.add_task(f"{clip.name}: reading", total=None)

    def show(step: str, done: int, total: int) -> None:
        bars.update(bar, description=f"{clip.name}: {step}", completed=done, total=total)

    hash = prepare(clip, values.avatars_folder, values.ffmpeg, limits, show)
    bars.remove_task(bar)
    return open_avatar(values.avatars_folder, hash)


def _pictures(
    options: argparse.Namespace,
    config: ModelConfig,
    avatar: Avatar,
    clip_frames: Sequence[int],
    samples: Sound,
) -> Iterator[Picture]:
    try:
        import torch

        from latentsync.lipsync import load
        from latentsync.offline import Wishes, render_sound
    except ModuleNotFoundError as error:
        raise LatentSyncError(f"{error.name} is missing here: pip install -r requirements.txt.") from error
    found = torch.cuda.is_available()
    if options.device == "cuda" and not found:
        raise LatentSyncError("No CUDA device is found here: leave --device out, or set it to cpu.")
    on_gpu = found and options.device != "cpu"
    device, dtype = ("cuda", torch.float16) if on_gpu else ("cpu", torch.float32)
    wishes = Wishes(options.chunk, options.steps, options.guidance, options.seed, options.windows)
    try:
        lipsync = load(options.checkpoints, device, dtype, config)
        if on_gpu:
            lipsync.capture((options.chunk,))
        yield from render_sound(lipsync, avatar, clip_frames, samples, wishes)
    except torch.OutOfMemoryError as error:
        raise LatentSyncError(
            f"The model and {options.chunk} frames at once do not fit into the device's memory: "
            "set a smaller --chunk, or end what else uses it."
        ) from error
    except RuntimeError as error:
        if not on_gpu:
            raise
        reason = str(error).partition("\n")[0]  # what follows is advice for debugging kernels
        raise LatentSyncError(f"Rendering on the GPU failed: {reason}") from error


if __name__ == "__main__":
    sys.exit(main())
