"""ffmpeg's lines in the log."""

from streamer.messages import AGAIN_S, KNOWN_MAX, Messages


def test_keys_are_cut_out_whether_an_address_or_the_server_tells_them() -> None:
    messages = Messages("rtmp://h/live/s3cret")
    assert messages.news("rtmp://h/live/s3cret: s3cret is busy\n", 0.0) == "rtmp://h/… … is busy"
    assert "s3cret" not in messages.shown("busy: s3cret")


def test_key_with_a_quote_is_cut_out_whole() -> None:
    said = r"Slave '[f=flv]rtmp://h/live/s3c\'ret': error"
    assert "ret" not in Messages("rtmp://h/live/s3c'ret").shown(said)


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
