"""A channel tells where on its timeline it is."""

from dataclasses import replace

from redis import Redis

from wire import channels
from wire.channels import Channel
from wire.connection import now_ms

CHANNEL = Channel("main", "hash", 250, 1280, 720, 1000)


def test_report_comes_back_with_the_brokers_time(broker: Redis) -> None:
    before = now_ms(broker)
    channels.report(broker, CHANNEL)
    got = channels.load(broker, "main")
    assert got is not None
    assert before <= got.at_ms <= now_ms(broker)
    assert replace(got, at_ms=0) == CHANNEL
    assert channels.names(broker) == ["main"]
    assert channels.load(broker, "other") is None


def test_clip_of_idle_is_told_where_it_is_another(broker: Redis) -> None:
    channels.report(broker, replace(CHANNEL, idle="other", idle_place=70))
    got = channels.load(broker, "main")
    assert got is not None
    assert (got.idle, got.idle_place_at(got.at_ms + 1000)) == ("other", 95)
    channels.report(broker, CHANNEL)
    assert replace(got, at_ms=0, idle="", idle_place=0) == CHANNEL


def test_timeline_goes_on_at_25_frames_a_second() -> None:
    assert replace(CHANNEL, at_ms=5000).position_at(6000) == 1025


def test_timeline_does_not_go_back_with_the_brokers_clock() -> None:
    channel = replace(CHANNEL, at_ms=5000, tick=7)
    assert (channel.position_at(1000), channel.tick_at(1000)) == (1000, 7)


def test_streamer_not_heard_of_for_2_s_is_dead() -> None:
    channel = replace(CHANNEL, at_ms=5000)
    assert channel.is_live(6999)
    assert not channel.is_live(7000)
