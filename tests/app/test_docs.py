"""`docs/http-api.md` lists every route, error, form field and job field that there is, and no other."""

import re
from pathlib import Path

from flask import Flask

from app import fields, jobs, targets
from app.errors import ApiError
from wire.jobs import Job, Mode, State
from wire.targets import Report
from wire.targets import State as TargetState

PAGE = (Path(__file__).parents[2] / "docs" / "http-api.md").read_text()


def rows(heading: str) -> list[list[str]]:
    """Return the cells of the table under `heading`, without its head."""
    section = re.split(rf"^#+ {heading}$", PAGE, flags=re.MULTILINE)[1]
    lines = [
        line.strip("| ").split(" | ") for line in section.split("\n#")[0].splitlines() if line[:1] == "|"
    ]
    return lines[2:]


def named(cells: list[list[str]], column: int = 0) -> set[str]:
    return {name for row in cells for name in re.findall(r"`([^`]+)`", row[column])}


def test_every_route_is_documented_and_no_other(whole_app: Flask) -> None:
    rules = {
        f"{method} {re.sub(r'<path:', '<', rule.rule)}"
        for rule in whole_app.url_map.iter_rules()
        for method in (rule.methods or set()) - {"HEAD", "OPTIONS"}
    }
    assert named(rows("Routes")) == rules


def test_every_error_is_documented_with_its_status_and_no_other() -> None:
    errors = {(str(error.status), error.code) for error in ApiError.__subclasses__()}
    assert len(errors) == len({code for _, code in errors})
    assert {(status, code.strip("`")) for status, code, _ in rows("Errors")} == errors


def test_every_form_field_is_documented_with_its_bounds_and_no_other() -> None:
    table = rows("Posting a sound")
    assert named(table) == fields.NAMES | {"audio_file"}
    words = {row[0].strip("`"): row[2] for row in table}
    assert "from {:.0f} to {:.0f}".format(*fields.GUIDANCE) in words["guidance_scale"]
    assert "from {} to {}".format(*fields.STEPS) in words["inference_steps"]
    assert "from {} to {}".format(*fields.PRIORITY) in words["priority"]
    assert "from {:.0f} to {:.0f}".format(*fields.EXPIRES_S) in words["expires_in"]
    assert named([[words["mode"]]]) == set(Mode)
    defaults = {row[0].strip("`"): row[1] for row in table}
    assert float(defaults["guidance_scale"]) == fields.Wishes.guidance_scale
    assert defaults["mode"] == fields.Wishes.mode
    assert int(defaults["priority"]) == fields.Wishes.priority
    assert int(defaults["inference_steps"]) == fields.Wishes.inference_steps


def test_every_field_and_state_of_a_job_is_documented_and_no_other() -> None:
    table = rows("Jobs")
    shown = jobs.show(Job("0" * 32, "main", State.QUEUED, 0))
    assert named(table) == set(shown)
    [states] = [row[1] for row in table if row[0] == "`state`"]
    assert named([[states]]) == set(State)


def test_every_field_and_state_of_a_target_is_documented_and_no_other() -> None:
    table = rows("Targets")
    assert named(table) == set(targets.show(Report("a", "rtmp", "", False, TargetState.WAITING)))
    [states] = [row[1] for row in table if row[0] == "`state`"]
    assert named([[states]]) == set(TargetState)
