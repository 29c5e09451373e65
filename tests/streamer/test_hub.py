"""One stream to many."""

from streamer.flv import HEADER, Kind, Tag
from streamer.hub import Hub
from tests.streamer.flv import group, tag

FIRST = [tag(kind, 0) for kind in (Kind.METADATA, Kind.VIDEO_HEADER, Kind.AUDIO_HEADER)]


def put(hub: Hub, tags: list[Tag]) -> None:
    for each in tags:
        hub.put(each)


def test_everyone_gets_all_from_when_they_join_until_they_leave() -> None:
    hub, early, late = Hub(), list[Tag](), list[Tag]()
    hub.add(early.append)
    put(hub, FIRST + group(0))
    hub.add(late.append)
    put(hub, group(1))
    hub.remove(early.append)
    put(hub, group(2))
    assert early == group(0) + group(1)
    assert late == group(1) + group(2)


def test_who_joins_late_finds_the_headers_in_their_order() -> None:
    hub = Hub()
    put(hub, [FIRST[1], FIRST[0], FIRST[2], *group(0)])
    assert hub.preface == HEADER + b"".join(tag.data for tag in FIRST)


def test_encoder_that_is_started_anew_and_says_the_same_changes_nothing() -> None:
    hub = Hub()
    put(hub, FIRST)
    before = hub.preface
    put(hub, FIRST)
    assert hub.preface is before
    put(hub, [tag(Kind.VIDEO_HEADER, 0, more=b"another")])
    assert hub.preface is not before


def test_renewed_stream_has_the_same_headers_and_targets_notice() -> None:
    hub = Hub()
    put(hub, FIRST)
    before = hub.preface
    hub.renew()
    assert hub.preface == before
    assert hub.preface is not before
