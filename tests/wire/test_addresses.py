"""Addresses without what is secret in them."""

import pytest

from wire.addresses import shown, without_key_of, without_keys


@pytest.mark.parametrize(
    ("address", "is_shown"),
    [
        ("rtmp://host:1935/live/secret", "rtmp://host:1935/live/…"),
        ("rtmps://u:p@h/app/part/secret?x=1", "rtmps://h/app/…"),
        ("rtmp://h/app/?streamname=n&key=secret", "rtmp://h/app/…"),
        ("rtmp://h/app?token=secret/stream", "rtmp://h/app/…"),
        ("rtmp://u:p@[::1]:1935/app/secret", "rtmp://[::1]:1935/app/…"),
        ("rtmp://h?x/app/secret", "rtmp://h//…"),
        ("rtmp://h#x/app/secret", "rtmp://h/x/…"),
        ("rtmp://[::1/app/secret", "rtmp://…//…"),
    ],
)
def test_address_is_shown_up_to_its_application(address: str, is_shown: str) -> None:
    assert shown(address) == is_shown


@pytest.mark.parametrize(
    ("line", "is_shown"),
    [
        (
            "[flv @ 0x1] rtmp://host:1935/live/secret: Broken pipe",
            "[flv @ 0x1] rtmp://host:1935/… Broken pipe",
        ),
        ("open 'rtmps://u:p@h/app/key?x=1' failed", "open 'rtmps://h/…' failed"),
        ("Guessed Channel Layout: mono", "Guessed Channel Layout: mono"),
    ],
)
def test_stream_keys_and_passwords_are_cut_out_of_any_text(line: str, is_shown: str) -> None:
    assert without_keys(line) == is_shown


@pytest.mark.parametrize(
    ("address", "line", "is_shown"),
    [
        ("rtmp://h/live/s3cret", "Server error: stream s3cret is busy", "Server error: stream … is busy"),
        ("rtmp://h/live/s3cret?k=t0p", "publish 's3cret?k=t0p'", "publish '…'"),
        ("rtmp://h/live/s3cret?k=t0p", "token t0p of s3cret expired", "token … of … expired"),
        ("rtmp://me:pw@h/live/part/s3cret", "me/pw cannot publish s3cret", "…/… cannot publish …"),
        (
            "rtmp://h/live/s3c'r|et",
            r"Slave 'rtmp://h/live/s3c\'r\|et': gone",
            "Slave 'rtmp://h/live/…': gone",
        ),
        ("rtmp://h/live/s3cret#p4rt", "s3cret of s3cret#p4rt: p4rt", "… of …: …"),
        ("rtmp://h/live/s3cret", "publish_s3cret2 is busy", "publish_…2 is busy"),
        ("rtmp://h/live/s3c%20ret?t=a%2Fb", "s3c ret, s3c%20ret, a/b, a%2Fb", "…, …, …, …"),
        ("rtmp://h/live?t=t0ken0/s3cret", "t0ken0 cannot publish s3cret", "… cannot publish …"),
        ("rtmp://h/live/a", "a last frame", "… last frame"),
    ],
)
def test_what_is_secret_in_an_address_is_cut_out_wherever_a_server_repeats_it(
    address: str, line: str, is_shown: str
) -> None:
    assert without_key_of(address, line) == is_shown
