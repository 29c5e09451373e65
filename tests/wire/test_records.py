"""A job's record beside its sound comes back as it was written, or not at all."""

from pathlib import Path

import pytest

from wire import records, uploads
from wire.jobs import Job, State

JOB = Job("a", "main", State.QUEUED, 1000, sound_name="你好.wav", announced_s=1.5, seed=7)


def test_record_comes_back_as_it_was_written(tmp_path: Path) -> None:
    (tmp_path / "a").mkdir()
    records.write(tmp_path, JOB)
    assert records.read(tmp_path, "a") == JOB
    assert [path.name for path in (tmp_path / "a").iterdir()] == ["record.json"]


@pytest.mark.parametrize(
    "text", ["", "{", "[]", "7", "{}", '{"id": 7}', '{"id": "b"}', "x" * 100_000, "\udcff"]
)
def test_what_is_no_record_of_the_job_is_none(tmp_path: Path, text: str) -> None:
    assert records.read(tmp_path, "a") is None
    (tmp_path / "a").mkdir()
    uploads.record(tmp_path, "a").write_text(text, errors="surrogateescape")
    assert records.read(tmp_path, "a") is None


def test_another_jobs_record_is_none(tmp_path: Path) -> None:
    (tmp_path / "a").mkdir()
    records.write(tmp_path, JOB)
    (tmp_path / "a").rename(tmp_path / "b")
    assert records.read(tmp_path, "b") is None
