"""Uploads are forgotten when their job has ended, and not before."""

import os
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from redis import Redis

from wire import jobs
from wire.jobs import Job, State
from workers.housekeeping import UNKNOWN_KEPT_S, sweep


def test_only_what_no_job_needs_is_removed(broker: Redis, tmp_path: Path) -> None:
    job = Job("waiting", "main", State.QUEUED, 0)
    jobs.admit(broker, job, 5)
    jobs.admit(broker, replace(job, id="ended", state=State.ON_AIR), 5)
    jobs.move(broker, replace(job, id="ended"), State.DONE, 60)
    for name in ("waiting", "ended", "arriving", "orphan"):
        (tmp_path / name).mkdir()
    long_ago = time.time() - UNKNOWN_KEPT_S - 1
    os.utime(tmp_path / "orphan", (long_ago, long_ago))
    sweep(broker, tmp_path)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["arriving", "waiting"]


def test_missing_uploads_folder_harms_nothing(broker: Redis, tmp_path: Path) -> None:
    sweep(broker, tmp_path / "none")


def test_upload_that_still_grows_is_kept(broker: Redis, tmp_path: Path) -> None:
    folder = tmp_path / "arriving"
    folder.mkdir()
    (folder / "posted").write_bytes(b"so far")
    long_ago = time.time() - UNKNOWN_KEPT_S - 1
    os.utime(folder, (long_ago, long_ago))
    sweep(broker, tmp_path)
    assert folder.exists()


def test_what_cannot_be_looked_into_keeps_nothing_else_from_being_removed(
    broker: Redis, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = Path.iterdir

    def iterdir(path: Path) -> Iterator[Path]:
        if path.name == "lost+found":
            raise PermissionError(13, "Permission denied", str(path))
        return real(path)

    monkeypatch.setattr(Path, "iterdir", iterdir)  # as for a user who is not root
    long_ago = time.time() - UNKNOWN_KEPT_S - 1
    for name in ("a", "b", "lost+found"):
        (tmp_path / name).mkdir()
        os.utime(tmp_path / name, (long_ago, long_ago))
    (tmp_path / "a file").touch()
    (tmp_path / "a link").symlink_to("nowhere")
    sweep(broker, tmp_path)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["a file", "a link", "lost+found"]
