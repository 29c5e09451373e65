"""The environment: made, kept, brought up to date, or one sentence on why not. With lists of its own."""

import os
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]


def _wheel(folder: Path, version: str) -> None:
    """Write the smallest package there is, so that no network is needed."""
    with zipfile.ZipFile(folder / f"toy-{version}-py3-none-any.whl", "w") as wheel:
        wheel.writestr("toy.py", f"VERSION = {version!r}\n")
        info = f"toy-{version}.dist-info"
        wheel.writestr(f"{info}/METADATA", f"Metadata-Version: 2.1\nName: toy\nVersion: {version}\n")
        wheel.writestr(f"{info}/WHEEL", "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n")
        wheel.writestr(f"{info}/RECORD", "")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A checkout with spaces in its path, and lists that ask for a toy alone."""
    folder = tmp_path / "a check out"
    (folder / "demo").mkdir(parents=True)
    shutil.copy(ROOT / "demo" / "venv.sh", folder / "demo")
    for version in ("1", "2"):
        _wheel(folder, version)
    (folder / "constraints.txt").touch()
    (folder / "requirements-nodeps.txt").touch()
    (folder / "requirements-dev.txt").write_text("-r requirements-light.txt\n")
    (folder / "requirements-light.txt").write_text("toy==1\n")
    return folder


def _run(folder: Path, which: str, **environment: str) -> subprocess.CompletedProcess[str]:
    there = {"PYTHON": sys.executable, "PIP_NO_INDEX": "1", "PIP_FIND_LINKS": folder.as_uri()}
    command = ["demo/venv.sh", which]
    return subprocess.run(
        command, cwd=folder, env=os.environ | there | environment, capture_output=True, text=True, check=False
    )


def _toy(folder: Path) -> str:
    return subprocess.check_output(
        [str(folder / ".venv/bin/python"), "-c", "import toy; print(toy.VERSION)"], text=True
    ).strip()


@pytest.mark.timeout(300)
def test_environment_is_made_once_follows_its_lists_and_recovers_from_failure(folder: Path) -> None:
    made = _run(folder, "dev")
    assert made.returncode == 0, made.stderr
    assert _toy(folder) == "1"
    for which in ("dev", "light"):
        assert _run(folder, which, PYTHON="/none", PIP_FIND_LINKS="/none").stdout == ""  # nothing to do

    (folder / "requirements-light.txt").write_text("toy==3\n")
    failed = _run(folder, "light", PYTHON="/none")
    assert failed.returncode == 1
    assert "run the same command again" in failed.stderr

    (folder / "requirements-light.txt").write_text("toy==2\n")
    assert _run(folder, "light", PYTHON="/none").returncode == 0
    assert _toy(folder) == "2"


def _python(folder: Path, version: str, venv: bool) -> Path:
    """Write a program that answers as a Python of `version` would, with or without the venv module."""
    program = folder / "python"
    program.write_text(
        f'#!/bin/sh\ncase "$2" in *version*) echo {version} ;; *ensurepip*) exit {0 if venv else 1} ;; esac\n'
    )
    program.chmod(0o755)
    return program


@pytest.mark.parametrize(
    ("version", "venv", "sentence"),
    [
        ("3.11", False, "sudo apt-get install python3.11-venv"),
        ("3.10", True, "Python 3.11 or 3.12 is needed"),
        ("3.13", True, "is 3.13"),
    ],
)
def test_unfit_python_is_one_sentence(folder: Path, version: str, venv: bool, sentence: str) -> None:
    refused = _run(folder, "light", PYTHON=str(_python(folder, version, venv)))
    assert refused.returncode == 1
    assert sentence in refused.stderr
    assert len(refused.stderr.splitlines()) == 1
    assert not (folder / ".venv").exists()


def test_gpu_list_without_a_c_compiler_is_one_sentence(folder: Path) -> None:
    (folder / "requirements.txt").touch()
    programs = folder / "programs"
    programs.mkdir()
    for name in ("sh", "dirname", "cat", "sha256sum"):
        (programs / name).symlink_to(shutil.which(name) or "")
    refused = _run(folder, "gpu", PATH=str(programs), CC="")
    assert refused.returncode == 1
    assert refused.stderr == (
        "No C compiler is found, and Triton's kernels need one: sudo apt-get install gcc python3-dev\n"
    )


def test_too_little_disk_is_one_sentence(folder: Path) -> None:
    (folder / "df").write_text("#!/bin/sh\necho head\necho disk 2000 1000 900 50% /\n")
    (folder / "df").chmod(0o755)
    refused = _run(folder, "light", PATH=f"{folder}:{os.environ['PATH']}")
    assert refused.stderr.strip() == "Too little disk: .venv needs 1500 MB, and 900 MB are free here."
