"""`python -m assets.presenter assets/presenter.mp4` draws the clip and writes it."""

import argparse
from pathlib import Path

from rich.progress import track

from assets.presenter.clip import write_clip
from assets.presenter.frames import Animator
from assets.presenter.motion import FPS, FRAMES, pose
from assets.presenter.portrait import draw_portrait


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m assets.presenter", description=__doc__)
    parser.add_argument("clip", type=Path, help="the file to write")
    path = parser.parse_args().clip
    animator = Animator(draw_portrait())
    poses = track([pose(frame) for frame in range(FRAMES)], description="Drawing the presenter")
    write_clip(path, map(animator.frame, poses), FPS)


if __name__ == "__main__":
    main()
