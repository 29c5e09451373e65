"""What the demo says."""

from pathlib import Path

from demo.announce import Progress, blamed, not_yet, on_air
from demo.supervise import Status
from settings import Settings

LOGS = Path("var/demo/log")
UP = Status("streamer", "RUNNING", "")


def test_on_air_it_says_what_to_open_and_what_to_try() -> None:
    text = on_air(Settings(), LOGS, 7.25)
    for part in (
        "On air after 7.2 s",
        "http://127.0.0.1:11001/\n",
        "rtmp://127.0.0.1:1935/live/main",
        "http://127.0.0.1:11001/hls/main/index.m3u8",
        "http://127.0.0.1:5555/",
        "curl -F audio_file=@assets/hello.wav http://127.0.0.1:11001/generate_video",
        "Ctrl-C",
    ):
        assert part in text


def test_sample_that_it_names_is_there() -> None:
    text = on_air(Settings(), LOGS, 1)
    sample = text.split("audio_file=@")[1].split()[0]
    assert (Path(__file__).parents[2] / sample).is_file()


def test_without_rtmp_server_it_says_that_hls_is_all() -> None:
    assert "HLS alone" in on_air(Settings(rtmp_url=""), LOGS, 1)


def test_stream_key_of_a_platform_is_not_shown() -> None:
    text = on_air(Settings(rtmp_url="rtmps://live.example:443/app/SECRET"), LOGS, 1)
    assert "rtmps://live.example" in text
    assert "SECRET" not in text


def test_each_of_several_addresses_is_told() -> None:
    urls = "rtmp://127.0.0.1:1935/live/main rtmps://live.example:443/app/SECRET"
    text = on_air(Settings(rtmp_url=urls), LOGS, 1)
    assert "rtmp://127.0.0.1:1935/live/main   (in VLC" in text
    assert "rtmps://live.example" in text
    assert "SECRET" not in text


def test_on_air_nobody_is_blamed() -> None:
    assert blamed(Progress((UP,), missing=(), playlist=True)) == {}


def test_process_that_keeps_ending_is_named_with_its_log() -> None:
    ends = Status("flower", "BACKOFF", "Exited too quickly (process log may have details)")
    text = not_yet(Progress((UP, ends), missing=(), playlist=True), LOGS, 60)
    assert "flower: backoff Exited too quickly" in text
    assert "look at var/demo/log/flower.log" in text
    assert "after 60 s" in text


def test_part_that_ready_misses_is_traced_to_its_process() -> None:
    assert set(blamed(Progress((UP,), missing=("render", "redis"), playlist=True))) == {"render0", "broker"}


def test_silent_api_missing_playlist_and_dead_supervisor_are_named() -> None:
    assert set(blamed(Progress((), missing=None, playlist=False))) == {"supervisor", "api", "streamer"}
