"""What a pusher is told, and what goes to make room."""

from pathlib import Path

import pytest

from streamer.outputs import Kind, Target, rtmp, too_much, unlisted

KEPT = Target("a1", Kind.RTMP, "rtmp://host:1935/live/secret", is_set=False)


@pytest.mark.parametrize("target", [KEPT, Target("recording", Kind.RECORDING, "/a b/'c'", bytes_max=7)])
def test_order_says_all_of_a_target_in_one_line(target: Target) -> None:
    order = target.order()
    assert order.count(b"\n") == 1
    assert Target.of(order) == target


def test_only_an_rtmp_address_is_shown_and_without_its_key() -> None:
    assert KEPT.shown == "rtmp://host:1935/live/…"
    assert Target("hls", Kind.HLS, "/srv/hls").shown == ""


def test_signs_that_mean_something_to_the_muxer_are_escaped() -> None:
    assert rtmp("rtmp://h/app/a|b'c[d]").endswith(r"]rtmp://h/app/a\|b\'c\[d\]")


def test_oldest_files_over_the_bound_go_and_no_more_than_need_be() -> None:
    files = [(Path(name), 10) for name in "abcd"]
    assert set(too_much(files, 25)) == {Path("a"), Path("b")}
    assert too_much(files, 40) == []
    assert len(too_much(files, 5)) == 4


def test_segments_that_the_list_does_not_name_are_unlisted() -> None:
    segments = [Path("/hls/1.ts"), Path("/hls/2.ts")]
    assert unlisted("#EXTINF:2\n2.ts\n", segments) == [Path("/hls/1.ts")]
    assert unlisted("", segments) == segments
