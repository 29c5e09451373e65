"""A posted file becomes a job that can be rendered, or fails with the reason."""

import shutil
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from redis import Redis

from settings import Settings
from tests.app import sounds
from wire import channels, jobs, uploads
from wire.channels import Channel
from wire.connection import now_ms
from wire.jobs import UNPREPARED, Job, State
from workers import prepare, sound, stores
from workers.sound import Decoded, UnusableSoundError, decode

JOB = Job("j", "main", State.QUEUED, 5_000, announced_s=1.0)


@pytest.fixture
def rung(broker: Redis, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """A channel and a posted second of sound; collects what dispatch is told."""
    told: list[str] = []
    values = Settings(uploads_folder=tmp_path)
    monkeypatch.setattr(stores, "broker", lambda: broker)
    monkeypatch.setattr(prepare, "settings", lambda: values)
    monkeypatch.setattr(prepare, "ring_dispatch", lambda: told.append("dispatch"))
    channels.report(broker, Channel("main", "hash", 50, 1280, 720, 1000))
    jobs.admit(broker, JOB, 9)
    post(tmp_path, sounds.silence(1))
    return told


def post(folder: Path, content: bytes) -> None:
    uploads.posted(folder, "j").parent.mkdir(exist_ok=True)
    uploads.posted(folder, "j").write_bytes(content)


def now(broker: Redis) -> Job:
    job = jobs.load(broker, "j")
    assert job is not None
    return job


def failing(monkeypatch: pytest.MonkeyPatch, error: Exception) -> None:
    def decode(*_: object) -> Decoded:
        raise error

    monkeypatch.setattr(prepare, "decode", decode)


def test_prepared_job_has_its_frames_and_its_avatar(rung: list[str], broker: Redis, tmp_path: Path) -> None:
    before = now_ms(broker)
    prepare.prepare("j")
    job = now(broker)
    assert (job.state, job.frames, job.avatar, job.avatar_frames) == (State.RENDERING, 25, "hash", 50)
    assert uploads.air(tmp_path, "j").stat().st_size == 25 * 1920 * 2
    assert before <= job.begun_ms <= now_ms(broker)
    assert rung == ["dispatch"]


@pytest.mark.usefixtures("rung")
def test_sound_that_cannot_be_used_fails_the_job_with_the_reason(broker: Redis, tmp_path: Path) -> None:
    post(tmp_path, b"no sound at all")
    prepare.prepare("j")
    assert now(broker).state is State.FAILED
    assert "no sound could be decoded" in now(broker).error
    assert jobs.playlist(broker, "main") == []


def test_failed_job_lets_the_next_one_start(
    rung: list[str], broker: Redis, monkeypatch: pytest.MonkeyPatch
) -> None:
    failing(monkeypatch, UnusableSoundError("it cannot be used"))
    prepare.prepare("j")
    assert now(broker).error == "it cannot be used"
    assert rung == ["dispatch"]


@pytest.mark.usefixtures("rung")
def test_full_disk_fails_the_job_and_says_so(broker: Redis, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(uploads, "room", lambda _: 1000)
    prepare.prepare("j")
    assert now(broker).state is State.FAILED
    assert "no room on the disk" in now(broker).error


@pytest.mark.usefixtures("rung")
def test_job_of_a_channel_that_was_never_played_fails(broker: Redis) -> None:
    broker.delete("channel:main")
    prepare.prepare("j")
    assert (now(broker).state, now(broker).error) == (State.FAILED, "there is no channel main")


@pytest.mark.usefixtures("rung")
def test_unforeseen_failure_fails_the_job_and_is_told_to_the_log(
    broker: Redis, monkeypatch: pytest.MonkeyPatch
) -> None:
    failing(monkeypatch, OSError("the disk is gone"))
    with pytest.raises(OSError, match="the disk is gone"):  # Celery logs it with its traceback
        prepare.prepare("j")
    assert (now(broker).state, now(broker).error) == (State.FAILED, "preparing failed: the disk is gone")


@pytest.mark.parametrize("state", sorted(set(State) - UNPREPARED))
def test_job_past_this_stage_is_left_alone(rung: list[str], broker: Redis, state: State) -> None:
    broker.hset("job:j", "state", state)
    before = now(broker)
    prepare.prepare("j")
    prepare.prepare("unknown")
    assert now(broker) == before
    assert rung == []


@pytest.mark.usefixtures("rung")
@pytest.mark.parametrize("is_still", [True, False])
def test_long_silence_is_noted_where_the_clips_own_mouth_is_still(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, is_still: bool
) -> None:
    monkeypatch.setattr(prepare, "open_avatar", lambda *_: SimpleNamespace(landmarks=None))
    monkeypatch.setattr(prepare, "is_still", lambda _: is_still)
    prepare.prepare("j")
    noted = uploads.rests(tmp_path, "j")
    assert noted.exists() == is_still
    if is_still:
        assert noted.read_bytes() == bytes(3) + bytes([1] * 19) + bytes(3)


@pytest.mark.parametrize("gone", ["never", "before", "meanwhile"])
def test_job_that_is_cancelled_meanwhile_ends_the_task_without_harm(
    gone: str, rung: list[str], broker: Redis, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def decode_late(*arguments: Any) -> Decoded:
        jobs.move(broker, JOB, State.CANCELLED, 60)
        if gone == "before":
            shutil.rmtree(tmp_path / "j")
        elif gone == "meanwhile":
            monkeypatch.setattr(sound, "_fit", lambda *_: shutil.rmtree(tmp_path / "j"))
        return decode(*arguments)

    monkeypatch.setattr(prepare, "decode", decode_late)
    prepare.prepare("j")
    assert (now(broker).state, now(broker).error, now(broker).frames) == (State.CANCELLED, "", -1)
    assert jobs.playlist(broker, "main") == []
    assert rung == ["dispatch"]


@pytest.mark.usefixtures("rung")
def test_try_that_fails_does_not_fail_a_job_that_another_prepared(
    broker: Redis, monkeypatch: pytest.MonkeyPatch
) -> None:
    def decode(*_: object) -> Decoded:
        jobs.move(broker, JOB, State.RENDERING, 60, frames=25)  # by the other, meanwhile
        raise UnusableSoundError("there was no room")

    monkeypatch.setattr(prepare, "decode", decode)
    prepare.prepare("j")
    assert (now(broker).state, now(broker).error) == (State.RENDERING, "")
