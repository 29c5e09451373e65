"""FLV taken apart."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from streamer.flv import HEADER, FlvError, Kind, Splitter, Tag
from tests.streamer.flv import BODIES, tag

TAGS = [tag(kind, time_ms) for time_ms in (0, 40, 2**24 + 7, 2**31 - 40) for kind in Kind]
STREAM = HEADER + b"".join(tag.data for tag in TAGS)


@given(st.lists(st.integers(1, len(STREAM)), max_size=30))
def test_tags_are_the_same_in_whatever_pieces_they_come(cuts: list[int]) -> None:
    splitter, got, start = Splitter(), list[Tag](), 0
    for end in sorted({*cuts, len(STREAM)}):
        got += splitter.feed(STREAM[start:end])
        start = end
    assert got == TAGS


def test_tag_is_handed_over_with_its_last_byte() -> None:
    splitter = Splitter()
    assert splitter.feed(HEADER + TAGS[0].data[:-1]) == []
    assert splitter.feed(TAGS[0].data[-1:]) == [TAGS[0]]


@pytest.mark.parametrize("kind", Kind)
def test_each_kind_is_known_by_its_body(kind: Kind) -> None:
    (got,) = Splitter().feed(HEADER + tag(kind, 0).data)
    assert got.kind is kind


@pytest.mark.parametrize("stream", [b"FLW\x01", b"\x00", b"ffmpeg: not found\n"])
def test_what_is_no_flv_is_refused_at_its_first_bytes(stream: bytes) -> None:
    with pytest.raises(FlvError, match="begins with"):
        Splitter().feed(stream)


@pytest.mark.parametrize(("type", "body"), [(9, b"\x12\x00"), (8, b"\x2f\x01"), (7, b"\x00\x00"), (9, b"")])
def test_other_codecs_are_refused(type: int, body: bytes) -> None:
    data = bytes([type]) + len(body).to_bytes(3, "big") + bytes(7) + body + bytes(4)
    with pytest.raises(FlvError, match=r"neither H\.264 nor AAC"):
        Splitter().feed(HEADER + data)


def test_every_kind_has_a_body_here() -> None:
    assert set(BODIES) == set(Kind)
