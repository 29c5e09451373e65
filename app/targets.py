"""Where a channel's stream goes: what its settings say, and what is added and removed while it is on air."""

import logging
from typing import Any

from flask import Blueprint, Response, jsonify, request

from app import admission
from app.errors import (
    TargetSetError,
    TargetsFullError,
    UnknownChannelError,
    UnknownTargetError,
    WrongFieldError,
)
from app.fields import CHANNEL
from app.headers import check_same_site
from app.parts import parts
from settings import rtmp_wrong
from wire import channels, targets
from wire.addresses import shown
from wire.targets import Report, State

routes = Blueprint("targets", __name__)
log = logging.getLogger(__name__)

FORM_BYTES = 8 * 2**10
"""Longest form; an address may take a quarter of it."""
ADDRESS_BYTES = 2**11


@routes.get("/channels/<name>/targets")
def every(name: str) -> Response:
    _check_channel(name)
    return jsonify(targets=[show(report) for report in _reports(name)])


@routes.post("/channels/<name>/targets")
def add(name: str) -> Response:
    """Send the stream to `address` too; asked again, answer the same."""
    have = parts()
    check_same_site(request)
    _check_channel(name)
    address = _address()
    if name == have.settings.channel and address in have.settings.rtmp_urls:
        raise TargetSetError("The stream is sent there already: its settings say so.")
    admission.check_room(have.broker)
    seen_as = shown(address)
    target = targets.add(have.broker, name, address)
    if target is None:
        raise TargetsFullError(f"{targets.TARGETS_MAX} targets were added to the channel: remove one first.")
    log.info("channel %s: target %s added, %s", name, target, seen_as)
    return jsonify(show(_find(name, target)))


@routes.delete("/channels/<name>/targets/<target>")
def remove(name: str, target: str) -> Response:
    """Send the stream there no more."""
    have = parts()
    check_same_site(request)
    _check_channel(name)
    report = _find(name, target)
    if report.is_set:
        raise TargetSetError("This target is one of the settings: it ends with them, and the streamer.")
    targets.remove(have.broker, name, target)
    log.info("channel %s: target %s removed, %s", name, target, report.address)
    return jsonify(show(report))


def show(report: Report) -> dict[str, Any]:
    """Return what the outside sees of a target: never its key."""
    return {
        "id": report.id,
        "kind": report.kind,
        "address": report.address or None,
        "removable": not report.is_set,
        "state": report.state,
        "connected_s": round(report.open_s, 1),
        "reconnects": report.reconnects,
        "groups_dropped": report.groups_dropped,
        "error": report.error or None,
    }


def _check_channel(name: str) -> None:
    have = parts()
    known = CHANNEL.fullmatch(name) and channels.load(have.broker, name)
    if not known and name != have.settings.channel:
        raise UnknownChannelError(f"There is no channel {name[:40]!r}.")


def _address() -> str:
    """Return the form's address, without showing it where it is wrong."""
    request.max_content_length = FORM_BYTES
    if set(request.form) != {"address"} or request.files or len(request.form.getlist("address")) > 1:
        raise WrongFieldError("There is one field, address: rtmp://host/app/key or rtmps://host/app/key.")
    address = request.form["address"].strip()
    if len(address.encode()) > ADDRESS_BYTES:
        raise WrongFieldError(f"The address is longer than {ADDRESS_BYTES} bytes.")
    if wrong := rtmp_wrong(address):
        raise WrongFieldError(f"The address cannot work: {wrong}.")
    return address


def _reports(name: str) -> list[Report]:
    """Return how each target stands; one that the streamer has not taken up yet waits."""
    have = parts()
    told = {report.id: report for report in targets.reports(have.broker, name)}
    added = targets.added(have.broker, name)
    new = [Report(key, "rtmp", shown(added[key]), False, State.WAITING) for key in added if key not in told]
    return [report for report in told.values() if report.is_set or report.id in added] + new


def _find(name: str, target: str) -> Report:
    for report in _reports(name):
        if report.id == target:
            return report
    raise UnknownTargetError("The channel has no such target (any more).")
