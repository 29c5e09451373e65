"""Addresses that cannot work are refused with a sentence that says what is right."""

import pytest

from settings import Settings, settings

WRONG = {
    "no app": ("LIVE_RTMP_URL", "rtmp://localhost", "it should be rtmp://host/app/key"),
    "no key": ("LIVE_RTMP_URL", "rtmp://localhost/live/", "it should be rtmp://host/app/key"),
    "one of two": ("LIVE_RTMP_URL", "rtmp://h/live/main rtmp://h", "it should be rtmp://host/app/key"),
    "no host": ("LIVE_RTMP_URL", "rtmp://:1935/live/main", "it should be rtmp://host/app/key"),
    "another scheme": ("LIVE_RTMP_URL", "http://localhost/live/main", "it should be rtmp://host/app/key"),
    "port too large": ("LIVE_RTMP_URL", "rtmp://localhost:99999/live/main", "a number from 1 to 65535"),
    "port 0": ("LIVE_RTMP_URL", "rtmp://localhost:0/live/main", "a number from 1 to 65535"),
    "port no number": ("LIVE_FRAMES_URL", "redis://localhost:redis/0", "a number from 1 to 65535"),
    "broker's port": ("LIVE_BROKER_URL", "redis://:secret@localhost:99999/0", "a number from 1 to 65535"),
}


@pytest.mark.parametrize(("name", "value", "right"), WRONG.values(), ids=WRONG)
def test_wrong_address_is_one_sentence_that_says_what_is_right(
    monkeypatch: pytest.MonkeyPatch, name: str, value: str, right: str
) -> None:
    monkeypatch.setenv(name, value)
    with pytest.raises(SystemExit) as ended:
        settings.__wrapped__()  # read anew
    [sentence] = str(ended.value).splitlines()
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
