"""`python -m avatars prepare [clip]`: make a clip into an avatar by hand."""

import argparse
import sys
from pathlib import Path

from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn

from avatars.errors import AvatarError
from avatars.prepare import prepare
from avatars.probe import Limits
from avatars.store import avatar_hash, is_prepared
from settings import Settings, settings


def main() -> int:
    """Run the command; return the process's exit status."""
    parser = argparse.ArgumentParser(prog="python -m avatars", description="Avatars: clips made ready once.")
    commands = parser.add_subparsers(required=True, metavar="command")
    command = commands.add_parser("prepare", help="make a clip ready for the air")
    command.add_argument(
        "clip", type=Path, nargs="?", help="a video or picture of a face; by default those of the settings"
    )
    values = settings()
    asked = parser.parse_args().clip
    try:
        for clip in [asked] if asked else values.clips.values():
            _prepare(clip, values)
    except AvatarError as error:
        sys.stderr.write(f"{error}\n")
        return 1
    except KeyboardInterrupt:
        return 130
    return 0


def _prepare(clip: Path, values: Settings) -> None:
    limits = Limits(values.avatar_max_s, values.avatar_max_side_px)
    console = Console()
    columns = (TextColumn("{task.description}"), BarColumn(), TextColumn("{task.percentage:.0f} %"))
    with Progress(*columns, TimeRemainingColumn(), console=console, transient=True) as bars:
        bar = bars.add_task(f"{clip.name}: reading", total=None)

        def show(step: str, done: int, total: int) -> None:
            bars.update(bar, description=f"{clip.name}: {step}", completed=done, total=total)

        already = clip.is_file() and is_prepared(values.avatars_folder, avatar_hash(clip, limits.side_px))
        hash = prepare(clip, values.avatars_folder, values.ffmpeg, limits, show)
    word = "is already prepared" if already else "is prepared"
    console.print(
        f"{clip.name} {word}: {hash} in {values.avatars_folder / hash}", soft_wrap=True, highlight=False
    )


if __name__ == "__main__":
    sys.exit(main())
