"""A posted sound becomes a job, or is refused with the reason and leaves nothing."""

import base64
import io
import json
import re
import shutil
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from redis import Redis
from werkzeug.test import TestResponse

from app import admission
from app import uploads as posting
from app.parts import KEY, Parts, build
from settings import Settings
from tests.app import sounds
from tests.app.conftest import LARGEST_BYTES, WAITING_MAX, Hearts
from tests.app.forms import BOUNDARY, END, TYPE, Part, form, sound, text
from tests.conftest import free_port
from wire import jobs, records, uploads
from wire.channels import Channel
from wire.jobs import Job, Mode, State

FILES = ("posted", "record.json")
"""What is kept of a job that was accepted."""


def post(client: FlaskClient, *parts: Part, **more: Any) -> TestResponse:
    return client.post("/generate_video", data=form(*parts), content_type=TYPE, **more)


def accepted(answer: TestResponse) -> str:
    assert answer.status_code == 200, answer.text
    assert answer.json is not None
    assert answer.json["status"] == "processing_started"
    return str(answer.json["task_id"])


def refused(answer: TestResponse) -> tuple[int, str]:
    assert answer.json is not None
    assert answer.json.keys() == {"error"}, answer.json
    error = answer.json["error"]
    assert error.keys() == {"code", "message"}
    assert re.fullmatch(r"\w.{5,200}\.", error["message"]), error
    return answer.status_code, error["code"]


def stored(config: Settings) -> list[Path]:
    return sorted(config.uploads_folder.glob("*")) if config.uploads_folder.exists() else []


def sent(broker: Redis) -> list[dict[str, Any]]:
    """Return the messages that wait in the queue `prepare`, oldest first."""
    return [json.loads(message) for message in reversed(broker.lrange("prepare", 0, -1))]


# what is accepted


@pytest.mark.parametrize("name", sounds.GOOD)
def test_every_kind_of_sound_becomes_a_job(
    client: FlaskClient, broker: Redis, config: Settings, sound_folder: Path, name: str
) -> None:
    content = (sound_folder / name).read_bytes()
    job_id = accepted(post(client, sound(content, name)))
    job = jobs.load(broker, job_id)
    assert job is not None
    assert (job.state, job.channel, job.sound_name) == (State.QUEUED, "main", name)
    assert job.announced_s == pytest.approx(sounds.SPEECH_S, abs=0.05)
    assert uploads.posted(config.uploads_folder, job_id).read_bytes() == content
    assert records.read(config.uploads_folder, job_id) == job


def test_a_job_is_told_of_to_prepare_by_its_id_alone(client: FlaskClient, broker: Redis, wav: bytes) -> None:
    job_id = accepted(post(client, sound(wav)))
    [message] = sent(broker)
    assert message["headers"]["task"] == "workers.prepare"
    arguments, options, _ = json.loads(base64.b64decode(message["body"]))
    assert (arguments, options) == ([job_id], {})


def test_wishes_are_recorded_before_and_after_the_file(
    client: FlaskClient, broker: Redis, hearts: Hearts, wav: bytes
) -> None:
    hearts.play("two")
    parts = text("guidance_scale", "1.5"), sound(wav), text("inference_steps", "30"), text("channel", "two")
    job = jobs.load(broker, accepted(post(client, *parts)))
    assert job is not None
    assert (job.guidance_scale, job.inference_steps, job.channel) == (1.5, 30, "two")
    assert jobs.playlist(broker, "two") == [job.id]


def test_a_turn_is_recorded_and_taken(client: FlaskClient, broker: Redis, wav: bytes) -> None:
    first = accepted(post(client, sound(wav)))
    turn = text("mode", "next"), text("priority", "7"), text("expires_in", "12.5")
    job = jobs.load(broker, accepted(post(client, *turn, sound(wav))))
    assert job is not None
    assert (job.mode, job.priority, job.expires_ms - job.posted_ms) == (Mode.NEXT, 7, 12_500)
    assert jobs.playlist(broker, "main") == [job.id, first]
    assert jobs.lapsed(broker, job.expires_ms) == [job.id]


def test_each_job_has_a_seed_of_its_own(client: FlaskClient, broker: Redis, wav: bytes) -> None:
    posted = [jobs.load(broker, accepted(post(client, sound(wav)))) for _ in range(3)]
    assert len({job.seed for job in posted if job}) == 3


@pytest.mark.parametrize("seconds", [0.01, 3.0])
def test_silence_is_a_job(client: FlaskClient, seconds: float) -> None:
    accepted(post(client, sound(sounds.silence(seconds))))


@pytest.mark.parametrize(
    "name",
    ["../../etc/cron.d/x", "/etc/passwd", "nul\0.wav", "x" * 4096, "😀👩‍🎤.wav", "..", "posted", "a/../b"],
)
def test_a_file_name_never_names_a_file_here(
    client: FlaskClient, broker: Redis, config: Settings, wav: bytes, name: str
) -> None:
    around = set(config.uploads_folder.parent.rglob("*"))
    job_id = accepted(post(client, sound(wav, name)))
    new = set(config.uploads_folder.parent.rglob("*")) - around - {config.uploads_folder}
    assert new == {config.uploads_folder / job_id, *(config.uploads_folder / job_id / n for n in FILES)}
    job = jobs.load(broker, job_id)
    assert job is not None
    assert 0 < len(job.sound_name) <= 80


# what is refused

GOOD_SOUND = sounds.silence(0.2)

WRONG_FORMS: list[tuple[str, tuple[Part, ...], tuple[int, str]]] = [
    ("nothing", (), (400, "no_file")),
    ("no file", (text("guidance_scale", "1.0"),), (400, "no_file")),
    ("a file left out", (sound(b"", ""),), (400, "no_file")),
    ("a text as the file", (text("audio_file", "speech.wav"),), (400, "no_file")),
    ("two files", (sound(GOOD_SOUND), sound(GOOD_SOUND)), (400, "wrong_field")),
    ("another file", (Part("video", GOOD_SOUND, "a.wav"),), (400, "wrong_field")),
    ("another field", (text("seed", "1"), sound(GOOD_SOUND)), (400, "wrong_field")),
    ("guidance abc", (sound(GOOD_SOUND), text("guidance_scale", "abc")), (400, "wrong_field")),
    ("guidance nan", (text("guidance_scale", "nan"), sound(GOOD_SOUND)), (400, "wrong_field")),
    ("guidance 1e9", (sound(GOOD_SOUND), text("guidance_scale", "1e9")), (400, "wrong_field")),
    ("steps 0", (sound(GOOD_SOUND), text("inference_steps", "0")), (400, "wrong_field")),
    ("steps 2.5", (sound(GOOD_SOUND), text("inference_steps", "2.5")), (400, "wrong_field")),
    ("a field twice", (*[text("inference_steps", "9")] * 2, sound(GOOD_SOUND)), (400, "wrong_field")),
    ("a long field", (text("channel", "x" * 2000), sound(GOOD_SOUND)), (400, "wrong_field")),
    ("no UTF-8", (Part("channel", b"\xff\xfe"), sound(GOOD_SOUND)), (400, "wrong_field")),
    ("a field with no name", (Part("", b"1"), sound(GOOD_SOUND)), (400, "wrong_field")),
    ("many fields", tuple(text("channel", "main") for _ in range(40)), (400, "wrong_field")),
    ("a vast name", (sound(GOOD_SOUND, "x" * 500_000),), (413, "too_large")),
    ("a vast file", (sound(bytes(LARGEST_BYTES + 1)),), (413, "too_large")),
    ("a vaster file", (sound(bytes(2 * LARGEST_BYTES)),), (413, "too_large")),
    ("an empty file", (sound(b""),), (422, "unusable_audio")),
    ("a header only", (sound(sounds.wav(b"")),), (422, "unusable_audio")),
    ("1 Hz", (sound(sounds.wav(bytes(4000), rate_hz=1)),), (422, "unusable_audio")),
    ("64 channels", (sound(sounds.wav(bytes(128_000), channels=64)),), (422, "unusable_audio")),
    ("too long", (sound(sounds.wav(bytes(8000 * 2 * 61), rate_hz=8000)),), (422, "unusable_audio")),
    ("an unknown channel", (text("channel", "nope"), sound(GOOD_SOUND)), (404, "unknown_channel")),
    ("an unknown channel last", (sound(GOOD_SOUND), text("channel", "nope")), (404, "unknown_channel")),
    ("no channel's name", (text("channel", "../x"), sound(GOOD_SOUND)), (404, "unknown_channel")),
    *(
        (name, (sound(content),), (415, "not_audio"))
        for name, content in sounds.dressed_up("http://127.0.0.1:9/x.wav")
    ),
]


@pytest.mark.parametrize(
    ("parts", "answer"), [row[1:] for row in WRONG_FORMS], ids=[r[0] for r in WRONG_FORMS]
)
def test_a_wrong_form_is_refused_and_leaves_nothing(
    client: FlaskClient, broker: Redis, config: Settings, parts: tuple[Part, ...], answer: tuple[int, str]
) -> None:
    assert refused(post(client, *parts)) == answer
    assert (stored(config), sent(broker), jobs.latest(broker, 9)) == ([], [], [])


BROKEN_BODIES = {
    "no form": (b"{}", "application/json", 400),
    "no type": (b"RIFF", None, 400),
    "no boundary": (form(sound(GOOD_SOUND)), "multipart/form-data", 400),
    "a long boundary": (form(sound(GOOD_SOUND)), f"multipart/form-data; boundary={'b' * 200}", 400),
    "another boundary": (form(sound(GOOD_SOUND)), "multipart/form-data; boundary=other", 400),
    "cut short": (form(sound(GOOD_SOUND))[:-40], TYPE, 400),
    "cut in a head": (form(sound(GOOD_SOUND))[:40], TYPE, 400),
    "no disposition": (f"--{BOUNDARY}\r\nX: y\r\n\r\nz\r\n".encode() + END, TYPE, 400),
    "a name in latin-1": (form(sound(GOOD_SOUND)).replace(b"speech", b"\xe9\xff"), TYPE, 400),
    "empty": (b"", TYPE, 400),
    "a head without end": (f"--{BOUNDARY}\r\n".encode() + b"a" * 3_000_000, TYPE, 413),
}


@pytest.mark.parametrize(("body", "kind", "status"), BROKEN_BODIES.values(), ids=list(BROKEN_BODIES))
def test_a_broken_form_is_refused_and_leaves_nothing(
    client: FlaskClient, config: Settings, body: bytes, kind: str | None, status: int
) -> None:
    answer = client.post(
        "/generate_video", input_stream=io.BytesIO(body), content_length=len(body), content_type=kind
    )
    assert refused(answer) == (status, {400: "bad_request", 413: "too_large"}[status])
    assert stored(config) == []


def test_what_is_announced_too_large_is_refused_unread(client: FlaskClient) -> None:
    body = io.BytesIO(form(sound(bytes(2 * LARGEST_BYTES))))
    answer = client.post("/generate_video", input_stream=body, content_length=5 * 2**30, content_type=TYPE)
    assert refused(answer) == (413, "too_large")
    assert f"larger than the {LARGEST_BYTES} bytes" in answer.text
    assert body.tell() == 0


def test_an_endless_upload_ends_at_the_limit(client: FlaskClient, config: Settings) -> None:
    body = io.BytesIO(form(sound(bytes(3 * LARGEST_BYTES))))
    environment = {"wsgi.input_terminated": True}
    answer = client.post(
        "/generate_video", input_stream=body, content_type=TYPE, environ_overrides=environment
    )
    assert refused(answer) == (413, "too_large")
    assert body.tell() < LARGEST_BYTES + 2**18
    assert stored(config) == []


# who is admitted


def test_with_nobody_alive_a_post_is_refused_unread(nobody: FlaskClient) -> None:
    body = io.BytesIO(form(sound(GOOD_SOUND)))
    answer = nobody.post(
        "/generate_video", input_stream=body, content_length=len(body.getvalue()), content_type=TYPE
    )
    assert refused(answer) == (503, "no_render_worker")
    assert int(answer.headers["Retry-After"]) > 0
    assert body.tell() == 0


def test_while_the_broker_is_almost_full_a_post_is_refused(
    client: FlaskClient, broker: Redis, config: Settings
) -> None:
    before = str(broker.config_get("maxmemory")["maxmemory"])
    full = admission.FULL + 0.03  # a little more: what the server holds sways
    broker.config_set("maxmemory", int(broker.info("memory")["used_memory"] / full))
    try:
        answer = post(client, sound(GOOD_SOUND))
        assert refused(answer) == (503, "broker_full")
        assert int(answer.headers["Retry-After"]) > 0
        assert stored(config) == []
    finally:
        broker.config_set("maxmemory", before)
    accepted(post(client, sound(GOOD_SOUND)))


def test_without_a_streamer_a_post_is_refused(client: FlaskClient, broker: Redis) -> None:
    broker.delete("channel:main", "channels")
    answer = post(client, sound(GOOD_SOUND))
    assert refused(answer) == (503, "no_streamer")
    assert int(answer.headers["Retry-After"]) > 0


def test_a_streamer_not_heard_of_for_long_is_not_alive(
    client: FlaskClient, hearts: Hearts, config: Settings
) -> None:
    hearts.fall_silent("main")
    assert refused(post(client, sound(GOOD_SOUND))) == (503, "no_streamer")
    assert stored(config) == []


def test_one_more_than_the_playlist_holds_is_refused(
    client: FlaskClient, broker: Redis, config: Settings
) -> None:
    for _ in range(WAITING_MAX):
        accepted(post(client, sound(GOOD_SOUND)))
    answer = post(client, sound(GOOD_SOUND))
    assert refused(answer) == (429, "playlist_full")
    assert int(answer.headers["Retry-After"]) > 0
    assert len(stored(config)) == len(sent(broker)) == WAITING_MAX


def test_a_place_that_goes_to_another_meanwhile_is_not_given_twice(
    client: FlaskClient, config: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    for _ in range(WAITING_MAX):
        accepted(post(client, sound(GOOD_SOUND)))
    look = admission._look

    def a_moment_ago(broker: Redis, name: str) -> tuple[Channel | None, int, int]:
        channel, _, now = look(broker, name)
        return channel, WAITING_MAX - 1, now

    monkeypatch.setattr(admission, "_look", a_moment_ago)
    assert refused(post(client, sound(GOOD_SOUND))) == (429, "playlist_full")
    assert len(stored(config)) == WAITING_MAX


def fill(broker: Redis) -> None:
    for number in range(WAITING_MAX):
        jobs.admit(broker, Job(f"{number:032x}", "main", State.QUEUED, 1), WAITING_MAX)


def read_until_refused(client: FlaskClient, *parts: Part) -> int:
    """Return how many bytes of a post were read until it was refused, as its playlist is full."""
    body = io.BytesIO(form(*parts, sound(bytes(LARGEST_BYTES // 2))))
    answer = client.post(
        "/generate_video", input_stream=body, content_length=len(body.getvalue()), content_type=TYPE
    )
    assert refused(answer) == (429, "playlist_full")
    return body.tell()


def test_full_playlist_of_the_only_channel_refuses_before_the_file_is_read(
    client: FlaskClient, broker: Redis
) -> None:
    fill(broker)
    assert read_until_refused(client) < 2**17


def test_full_playlist_of_the_only_channel_does_not_answer_for_another(
    client: FlaskClient, broker: Redis
) -> None:
    fill(broker)
    assert refused(post(client, text("channel", "typo"), sound(GOOD_SOUND))) == (404, "unknown_channel")


def test_a_full_playlist_refuses_a_post_that_names_its_channel_before_the_file_is_read(
    client: FlaskClient, hearts: Hearts, broker: Redis
) -> None:
    hearts.play("two")
    fill(broker)
    assert read_until_refused(client, text("channel", "main")) < 2**17


def test_a_full_playlist_does_not_refuse_another_channels_job(
    client: FlaskClient, hearts: Hearts, broker: Redis
) -> None:
    hearts.play("two")
    for number in range(WAITING_MAX):
        jobs.admit(broker, Job(f"{number:032x}", "main", State.QUEUED, 1), WAITING_MAX)
    accepted(post(client, sound(GOOD_SOUND), text("channel", "two")))


def test_a_job_that_cannot_be_sent_has_failed_and_leaves_no_file(
    app: Flask,
    client: FlaskClient,
    broker: Redis,
    config: Settings,
    parts: Parts,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    nowhere = config.model_copy(update={"broker_url": f"redis://127.0.0.1:{free_port()}/0"})
    dead = build(nowhere)
    dead.prober.close()
    monkeypatch.setitem(app.extensions, KEY, replace(parts, celery=dead.celery))
    answer = post(client, sound(GOOD_SOUND))
    assert refused(answer) == (503, "not_sent")
    [job] = jobs.latest(broker, 9)
    assert (job.state, jobs.playlist(broker, "main"), stored(config)) == (State.FAILED, [], [])
    assert "post the file again" in job.error


def test_more_uploads_than_slots_are_busy(
    client: FlaskClient, parts: Parts, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(posting, "SLOT_WAIT_S", 0.01)
    taken = 0
    while parts.slots.acquire(blocking=False):
        taken += 1
    answer = post(client, sound(GOOD_SOUND))
    parts.slots.release(taken)
    assert refused(answer) == (503, "busy")
    accepted(post(client, sound(GOOD_SOUND)))


@pytest.mark.parametrize(
    "headers",
    [
        {"Sec-Fetch-Site": "cross-site", "Origin": "https://evil.example"},
        {"Sec-Fetch-Site": "same-site"},
        {"Origin": "https://evil.example"},
        {"Origin": "null"},
    ],
)
def test_another_sites_page_cannot_speak_here(
    client: FlaskClient, config: Settings, headers: dict[str, str]
) -> None:
    assert refused(post(client, sound(GOOD_SOUND), headers=headers)) == (403, "cross_site")
    assert stored(config) == []


@pytest.mark.parametrize(
    "headers",
    [{}, {"Sec-Fetch-Site": "same-origin"}, {"Origin": "http://localhost"}, {"Sec-Fetch-Site": "none"}],
)
def test_the_own_page_and_programs_can(client: FlaskClient, headers: dict[str, str]) -> None:
    accepted(post(client, sound(GOOD_SOUND), headers=headers))


# the disk


def test_a_disk_that_fills_up_is_told_and_nothing_is_left(
    client: FlaskClient, broker: Redis, config: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(folder: Path, job_id: str) -> Path:
        link = folder / job_id / "posted"
        if link.parent.exists():
            link.symlink_to("/dev/full")
        return link

    monkeypatch.setattr("wire.uploads.posted", full)
    assert refused(post(client, sound(GOOD_SOUND))) == (507, "disk_full")
    assert (stored(config), jobs.latest(broker, 9)) == ([], [])


def test_a_disk_with_little_room_refuses_before_the_file_is_read(
    client: FlaskClient, config: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    config.uploads_folder.mkdir(parents=True)
    monkeypatch.setattr(uploads, "RESERVE_BYTES", shutil.disk_usage(config.uploads_folder).total)
    body = io.BytesIO(form(sound(GOOD_SOUND)))
    answer = client.post(
        "/generate_video", input_stream=body, content_length=len(body.getvalue()), content_type=TYPE
    )
    assert refused(answer) == (507, "disk_full")
    assert body.tell() == 0


# what is logged


def test_jobs_and_refusals_are_logged_with_id_code_and_a_short_name(
    client: FlaskClient, wav: bytes, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("INFO")
    job_id = accepted(post(client, sound(wav, "n" * 4000)))
    refused(post(client, sound(b"", "x")))
    lines = [record.getMessage() for record in caplog.records if record.name.startswith("app")]
    assert any(job_id in line and len(line) < 200 for line in lines)
    assert any("422 unusable_audio" in line for line in lines)
