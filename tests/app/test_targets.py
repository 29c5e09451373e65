"""Where a channel's stream goes, by HTTP."""

import logging

import pytest
from flask.testing import FlaskClient
from redis import Redis
from werkzeug.test import TestResponse

from app.parts import Parts
from tests.app.test_cancel import code
from tests.conftest import free_port
from wire import connection, targets
from wire.targets import TARGETS_MAX, Report, State

PATH = "/channels/main/targets"
ADDRESS = "rtmps://me:pa55@live.example:443/app/s3cret?token=t0ken"
SHOWN = "rtmps://live.example:443/app/…"
SECRETS = "s3cret", "t0ken", "pa55"
HLS = Report("hls", "hls", "", True, State.CONNECTED, 12.34, 1, 2, "")


def add(client: FlaskClient, address: str = ADDRESS) -> TestResponse:
    return client.post(PATH, data={"address": address})


def listed(client: FlaskClient) -> list[dict[str, object]]:
    answer = client.get(PATH)
    assert answer.json is not None
    return list(answer.json["targets"])


def test_added_target_waits_for_the_streamer_and_shows_no_key(
    nobody: FlaskClient, broker: Redis, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    answer = add(nobody)
    assert answer.status_code == 200
    assert answer.json is not None
    assert listed(nobody) == [answer.json]
    assert (answer.json["address"], answer.json["state"], answer.json["removable"]) == (
        SHOWN,
        "waiting",
        True,
    )
    assert targets.added(broker, "main") == {answer.json["id"]: ADDRESS}
    for secret in SECRETS:
        assert secret not in answer.text + nobody.get(PATH).text + caplog.text


def test_how_targets_stand_is_what_the_streamer_tells(nobody: FlaskClient, broker: Redis) -> None:
    added = add(nobody).json
    assert added
    told = Report(added["id"], "rtmp", SHOWN, False, State.CONNECTING, error="refused")
    targets.report(broker, "main", [HLS, told], 0)
    by_id = {target["id"]: target for target in listed(nobody)}
    assert by_id["hls"] == {
        "id": "hls", "kind": "hls", "address": None, "removable": False, "state": "connected",
        "connected_s": 12.3, "reconnects": 1, "groups_dropped": 2, "error": None,
    }  # fmt: skip
    assert (by_id[added["id"]]["state"], by_id[added["id"]]["error"]) == ("connecting", "refused")


def test_same_address_is_one_target_however_often_it_is_added(nobody: FlaskClient) -> None:
    assert add(nobody).json == add(nobody).json
    assert len(listed(nobody)) == 1


def test_removed_target_is_gone_at_once_though_the_streamer_still_tells_of_it(
    nobody: FlaskClient, broker: Redis
) -> None:
    added = add(nobody).json
    assert added
    told = Report(added["id"], "rtmp", SHOWN, False, State.CONNECTED)
    targets.report(broker, "main", [told], 0)
    answer = nobody.delete(f"{PATH}/{added['id']}")
    assert answer.status_code == 200
    assert answer.json is not None
    assert answer.json["id"] == added["id"]
    assert listed(nobody) == []
    assert targets.added(broker, "main") == {}
    assert code(nobody.delete(f"{PATH}/{added['id']}")) == (404, "unknown_target")


def test_target_of_the_settings_can_neither_be_added_nor_removed(
    nobody: FlaskClient, broker: Redis, parts: Parts
) -> None:
    targets.report(broker, "main", [HLS], 0)
    assert code(nobody.delete(f"{PATH}/hls")) == (409, "target_is_set")
    assert code(add(nobody, parts.settings.rtmp_url)) == (409, "target_is_set")
    assert targets.added(broker, "main") == {}


def test_more_than_the_bound_are_refused(nobody: FlaskClient) -> None:
    for i in range(TARGETS_MAX):
        assert add(nobody, f"rtmp://h/live/{i}").status_code == 200
    assert code(add(nobody)) == (409, "targets_full")


@pytest.mark.parametrize(
    "address",
    [
        "", "http://live.example/app/s3cret", "rtmp://live.example/s3cret", "rtmp://h:99999/app/s3cret",
        "rtmp://h/app/s3cret rtmp://h/app/other", f"rtmp://h/app/s3cret{'x' * 3000}",
        "rtmp://h?x/app/s3cret", "rtmp://h#x/app/s3cret", "rtmp://h/app/s3c\x01ret",
    ],
)  # fmt: skip
def test_address_that_cannot_work_is_refused_and_not_shown(
    nobody: FlaskClient, broker: Redis, address: str
) -> None:
    answer = add(nobody, address)
    assert code(answer) == (400, "wrong_field")
    assert "s3cret" not in answer.text
    assert targets.added(broker, "main") == {}


@pytest.mark.parametrize("form", [{}, {"url": ADDRESS}, {"address": ADDRESS, "more": "1"}])
def test_form_with_other_fields_is_refused(nobody: FlaskClient, form: dict[str, str]) -> None:
    assert code(nobody.post(PATH, data=form)) == (400, "wrong_field")


def test_form_that_is_too_large_is_refused(nobody: FlaskClient) -> None:
    assert code(add(nobody, "x" * 10_000)) == (413, "too_large")


@pytest.mark.parametrize("name", ["other", "Main", "x" * 50])
def test_channel_that_nobody_plays_has_no_targets(nobody: FlaskClient, name: str) -> None:
    path = f"/channels/{name}/targets"
    assert code(nobody.get(path)) == (404, "unknown_channel")
    assert code(nobody.post(path, data={"address": ADDRESS})) == (404, "unknown_channel")
    assert code(nobody.delete(f"{path}/hls")) == (404, "unknown_channel")


@pytest.mark.parametrize(("method", "path"), [("POST", PATH), ("DELETE", f"{PATH}/hls")])
def test_pages_of_other_sites_change_no_target(
    nobody: FlaskClient, broker: Redis, method: str, path: str
) -> None:
    headers = {"Sec-Fetch-Site": "cross-site"}
    answer = nobody.open(path, method=method, headers=headers, data={"address": ADDRESS})
    assert code(answer) == (403, "cross_site")
    assert targets.added(broker, "main") == {}


def test_without_the_broker_that_is_said(
    nobody: FlaskClient, parts: Parts, monkeypatch: pytest.MonkeyPatch
) -> None:
    away = connection.broker(f"redis://127.0.0.1:{free_port()}/0", 0.2)
    monkeypatch.setattr(parts.broker, "connection_pool", away.connection_pool)
    assert code(nobody.get(PATH)) == (503, "redis_down")
    assert code(add(nobody)) == (503, "redis_down")
