"""`.ci/run` gets what a bare machine lacks: what it cannot do without, and what it can."""

import shutil
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
BASH = shutil.which("bash") or "bash"


@pytest.fixture
def tools(tmp_path: Path) -> Path:
    """The programs of a bare machine whose root is asked: apt-get cannot install what `$BROKEN` names."""
    for name in ("bash", "dirname"):
        (tmp_path / name).symlink_to(shutil.which(name) or name)
    for name, script in {
        "id": "echo 0",
        "python3": "exit 1",
        "apt-get": 'case "$*" in *"$BROKEN"*) exit 100 ;; esac; echo "apt-get $*" >&2',
        "make": 'echo "make $*"',
    }.items():
        (tmp_path / name).write_text(f"#!{BASH}\n{script}\n")
        (tmp_path / name).chmod(0o755)
    return tmp_path


def run(tools: Path, broken: str) -> "subprocess.CompletedProcess[str]":
    environment = {"PATH": str(tools), "BROKEN": broken}
    return subprocess.run(
        [BASH, str(ROOT / ".ci/run")], env=environment, capture_output=True, text=True, check=False
    )


def test_a_browser_that_cannot_be_had_does_not_keep_the_tests_from_running(tools: Path) -> None:
    ran = run(tools, broken="chromium")
    assert ran.returncode == 0, ran.stderr
    assert ran.stdout == "make test\n"
    assert "python3-venv" in ran.stderr
    assert "There is no chromium" in ran.stderr


def test_what_the_tests_need_and_cannot_be_had_ends_the_build(tools: Path) -> None:
    ran = run(tools, broken="python3-venv")
    assert ran.returncode == 100
    assert ran.stdout == ""
