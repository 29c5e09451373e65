"""ffmpeg's lines in the log."""

import pytest

from streamer.messages import AGAIN_S, KNOWN_MAX, Messages, without_keys


@pytest.mark.parametrize(
    ("line", "shown"),
    [
        (
            "[flv @ 0x1] rtmp://host:1935/live/secret: Broken pipe",
            "[flv @ 0x1] rtmp://host:1935/… Broken pipe",
        ),
        ("open 'rtmps://u:p@h/app/key?x=1' failed", "open 'rtmps://h/…' failed"),
        ("Guessed Channel Layout: mono", "Guessed Channel Layout: mono"),
    ],
)
def test_stream_keys_and_passwords_are_cut_out(line: str, shown: str) -> None:
    assert without_keys(line) == shown


def test_line_that_comes_again_is_told_once_a_minute_whatever_its_numbers() -> None:
    messages = Messages()
    refused = "[tcp @ 0x7f5f3400c840] Connection to tcp://127.0.0.1:1935 failed"
    assert messages.news(refused, 10.0) == refused
    assert messages.news(refused.replace("c840", "d080"), 11.0) is None
    assert messages.news("something else", 11.0) == "something else"
    assert messages.news(refused, 10.0 + AGAIN_S) == refused
    assert messages.news(refused, 11.0 + AGAIN_S) is None


def test_memory_is_bounded() -> None:
    messages = Messages()
    for i in range(3 * KNOWN_MAX):
        assert messages.news("x" * (i + 1), 0.0)
    assert messages.news("x", 1.0) == "x"
    assert messages.news("x" * 3 * KNOWN_MAX, 1.0) is None


def test_empty_line_is_no_news() -> None:
    assert Messages().news("  \n", 0.0) is None
