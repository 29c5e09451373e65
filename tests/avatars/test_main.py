import os
import signal
import subprocess
import sys
import time
from pathlib import Path

from avatars.store import is_prepared, open_avatar
from tests.avatars.clips import of_presenter

ROOT = Path(__file__).parents[2]


def start(folder: Path, clip: Path) -> subprocess.Popen[str]:
    return subprocess.Popen(
        # shells have what they start in the background ignore interrupts
        ["env", "--default-signal=INT", sys.executable, "-m", "avatars", "prepare", str(clip)],
        cwd=ROOT,
        env={**os.environ, "LIVE_AVATARS_FOLDER": str(folder)},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def run(folder: Path, clip: Path) -> tuple[int, str, str]:
    process = start(folder, clip)
    said, complained = process.communicate(timeout=60)
    return process.returncode, said.strip(), complained


def wait_for_pictures(folder: Path) -> None:
    deadline = time.monotonic() + 120
    while not any(file.stat().st_size for file in folder.glob(".*.draft/pictures.i420")):
        assert time.monotonic() < deadline
        time.sleep(0.01)


def test_it_prepares_once_and_says_where(tmp_path: Path) -> None:
    clip = of_presenter(tmp_path / "clip.mp4", "", frames=5)
    code, said, complained = run(tmp_path, clip)
    assert (code, complained) == (0, "")
    (hash,) = (path.name for path in tmp_path.iterdir() if path.is_dir())
    assert said == f"clip.mp4 is prepared: {hash} in {tmp_path / hash}"
    assert open_avatar(tmp_path, hash).frames == 5
    assert run(tmp_path, clip) == (0, f"clip.mp4 is already prepared: {hash} in {tmp_path / hash}", "")


def test_without_a_clip_it_prepares_those_of_the_settings(tmp_path: Path) -> None:
    clips = [of_presenter(tmp_path / f"{count}.mp4", "", frames=count) for count in (2, 3)]
    named = zip(("LIVE_AVATAR", "LIVE_TALK_AVATAR"), map(str, clips), strict=True)
    environment = {**os.environ, "LIVE_AVATARS_FOLDER": str(tmp_path / "avatars"), **dict(named)}
    command = [sys.executable, "-m", "avatars", "prepare"]
    subprocess.run(command, cwd=ROOT, env=environment, check=True, stdout=subprocess.DEVNULL, timeout=60)
    homes = (tmp_path / "avatars").iterdir()
    assert sorted(open_avatar(tmp_path / "avatars", home.name).frames for home in homes) == [2, 3]


def test_a_refused_clip_is_one_sentence(tmp_path: Path) -> None:
    assert run(tmp_path, tmp_path / "none.mp4") == (
        1,
        "",
        f"{tmp_path / 'none.mp4'} is not a file; give the path of a video or a picture.\n",
    )


def test_two_at_once_do_no_harm(tmp_path: Path) -> None:
    clip = of_presenter(tmp_path / "clip.mp4", "", frames=3)
    both = [start(tmp_path / "avatars", clip) for _ in range(2)]
    said = {process.communicate(timeout=60)[0] for process in both}
    assert [process.returncode for process in both] == [0, 0]
    assert len(said) == 1
    (home,) = (tmp_path / "avatars").iterdir()
    assert open_avatar(tmp_path / "avatars", home.name).frames == 3


def test_interrupted_or_killed_it_leaves_no_half_avatar(tmp_path: Path) -> None:
    clip = of_presenter(tmp_path / "clip.mp4", "", frames=250)
    for number, left in ((signal.SIGINT, 0), (signal.SIGKILL, 1)):
        process = start(tmp_path / "avatars", clip)
        wait_for_pictures(tmp_path / "avatars")
        process.send_signal(number)
        _, complained = process.communicate(timeout=30)
        assert process.returncode in (130, -signal.SIGKILL)
        assert complained == ""
        drafts = list((tmp_path / "avatars").iterdir())
        assert len(drafts) == left
        assert not any(
            is_prepared(tmp_path / "avatars", draft.name) for draft in drafts if draft.name[0] != "."
        )
