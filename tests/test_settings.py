"""Settings that cannot work end a process with a sentence, whose secrets are kept."""

import os

import pytest

from settings import PREFIX, Settings, settings

WRONG = {
    "no app": ("LIVE_RTMP_URL", "rtmp://localhost", "it should be rtmp://host/app/key"),
    "no key": ("LIVE_RTMP_URL", "rtmp://localhost/live/", "it should be rtmp://host/app/key"),
    "one of two": ("LIVE_RTMP_URL", "rtmp://h/live/main rtmp://h", "it should be rtmp://host/app/key"),
    "no host": ("LIVE_RTMP_URL", "rtmp://:1935/live/main", "it should be rtmp://host/app/key"),
    "no path": ("LIVE_RTMP_URL", "rtmp://h?x/live/main", "it should be rtmp://host/app/key"),
    "fragment": ("LIVE_RTMP_URL", "rtmp://h#x/live/main", "it should be rtmp://host/app/key"),
    "another scheme": ("LIVE_RTMP_URL", "http://localhost/live/main", "it should be rtmp://host/app/key"),
    "port too large": ("LIVE_RTMP_URL", "rtmp://localhost:99999/live/main", "a number from 1 to 65535"),
    "port 0": ("LIVE_RTMP_URL", "rtmp://localhost:0/live/main", "a number from 1 to 65535"),
    "port no number": ("LIVE_FRAMES_URL", "redis://localhost:redis/0", "a number from 1 to 65535"),
    "broker's port": ("LIVE_BROKER_URL", "redis://:secret@localhost:99999/0", "a number from 1 to 65535"),
}


@pytest.fixture(autouse=True)
def nothing_set(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in (name for name in os.environ if name.startswith(PREFIX)):
        monkeypatch.delenv(name)


def refusal() -> str:
    """Return the words with which a process ends that starts now."""
    with pytest.raises(SystemExit) as ended:
        settings.__wrapped__()  # read anew
    return str(ended.value.code)


@pytest.mark.parametrize(("name", "value", "right"), WRONG.values(), ids=WRONG)
def test_wrong_address_is_one_sentence_that_says_what_is_right(
    monkeypatch: pytest.MonkeyPatch, name: str, value: str, right: str
) -> None:
    monkeypatch.setenv(name, value)
    [sentence] = refusal().splitlines()
    assert sentence.startswith(f"{name}=… cannot work: ")
    assert right in sentence


@pytest.mark.parametrize(
    "url",
    [
        "",
        "rtmp://127.0.0.1:1935/live/main",
        "rtmps://live.example:443/app/key?test=1",
        "rtmp://live.example/app/?streamname=name&key=secret",
        "rtmp://user:secret@[::1]:1935/app/part/key",
        "rtmp://here:1935/live/main rtmps://there/app/key",
    ],
)
def test_addresses_as_platforms_give_them_are_right(url: str) -> None:
    assert Settings(rtmp_url=url).rtmp_url == url


def test_what_is_set_is_read_and_the_rest_has_its_default(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LIVE_API_PORT", "8000")
    assert settings.__wrapped__() == Settings(api_port=8000)


@pytest.mark.parametrize(
    ("name", "value", "why"),
    [
        ("LIVE_API_PORT", "70000", "less than or equal to 65535"),
        ("LIVE_API_PORT", "http", "valid integer"),
        ("LIVE_WINDOW_S", "1", "greater than or equal to 2"),
        ("LIVE_CHANNEL", "Main", "match pattern"),
        ("LIVE_LABEL_CORNER", "middle", "'top-left'"),
    ],
)
def test_value_that_cannot_work_is_one_sentence_that_shows_it(
    monkeypatch: pytest.MonkeyPatch, name: str, value: str, why: str
) -> None:
    monkeypatch.setenv(name, value)
    [sentence] = refusal().splitlines()
    assert sentence.startswith(f"{name}='{value}' cannot work: ")
    assert why in sentence
    assert sentence.endswith(".")


def test_each_value_that_cannot_work_has_its_sentence(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LIVE_API_PORT", "0")
    monkeypatch.setenv("LIVE_FADE_FRAMES", "0")
    assert [line.split("=")[0] for line in refusal().splitlines()] == ["LIVE_API_PORT", "LIVE_FADE_FRAMES"]


def test_name_that_is_no_setting_is_told_with_where_the_names_are(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LIVE_RTMP_KEY", "s3cret")
    sentence = refusal()
    assert "LIVE_RTMP_KEY" in sentence
    assert "docs/configuration.md" in sentence
    assert "s3cret" not in sentence


@pytest.mark.parametrize("name", ["LIVE_BROKER_URL", "LIVE_FRAMES_URL", "LIVE_RTMP_URL"])
@pytest.mark.parametrize("value", ["https://me:s3cret@host/s3cret", "rtmp://host:x/live/s3cret", "s3cret"])
def test_address_that_cannot_work_shows_no_password_and_no_stream_key(
    monkeypatch: pytest.MonkeyPatch, name: str, value: str
) -> None:
    monkeypatch.setenv(name, value)
    assert "s3cret" not in refusal()
