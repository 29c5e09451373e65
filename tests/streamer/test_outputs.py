"""ffmpeg's arguments."""

from pathlib import Path

from streamer.outputs import Target, arguments

URL = "rtmp://host:1935/live/secret"


def after(name: str, target: Target, first_tick: int = 0) -> str:
    listed = arguments(target, first_tick)
    return listed[listed.index(name) + 1]


def target(url: str = URL, folder: str = "/hls/main") -> Target:
    return Target(url, Path(folder), 2500, 128)


def test_bit_rate_is_constant_and_keyframes_come_every_two_seconds() -> None:
    assert {after(name, target()) for name in ("-b:v", "-maxrate", "-bufsize")} == {"2500k"}
    assert (after("-g", target()), after("-keyint_min", target())) == ("50", "50")
    assert after("-b:a", target()) == "128k"


def test_sound_starts_where_the_pictures_start() -> None:
    assert "first_pts=4800000," in after("-af", target(), first_tick=2500)


def test_both_targets_fail_alone() -> None:
    slaves = arguments(target(), 0)[-1].split("|")
    assert [slave.split("]")[-1] for slave in slaves] == [URL, "/hls/main/index.m3u8"]
    assert all(":onfail=ignore]" in slave for slave in slaves)


def test_no_rtmp_address_leaves_hls_alone() -> None:
    assert arguments(target(url=""), 0)[-1].count("[") == 1
