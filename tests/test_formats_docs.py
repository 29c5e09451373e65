"""`docs/formats.md` names every key and every field that crosses between processes."""

import inspect
import re
from dataclasses import fields
from pathlib import Path

from wire import batches, chunks, keys
from wire.channels import Channel
from wire.jobs import Job, State

DOCS = Path(__file__).parent.parent / "docs"
TEXT = (DOCS / "formats.md").read_text()


def key_names() -> set[str]:
    """Return each key's name with its parts in braces, as the page writes them."""
    names = {value for name, value in vars(keys).items() if name.isupper()}
    for name, function in inspect.getmembers(keys, inspect.isfunction):
        count = len(inspect.signature(function).parameters)
        names.add(re.sub(r":.*", "", function(*["?"] * count)) + ":" if count else name)
    return names


def test_every_key_is_described() -> None:
    documented = re.findall(r"^\| `([^`]+)`", TEXT, re.MULTILINE)
    for name in key_names():
        assert any(d == name or d.startswith(name + "{") for d in documented), name
    for name in (d for d in documented if "{" in d or ":" in d):
        assert any(name.startswith(known) for known in key_names()), f"{name} does not exist"


def test_every_field_of_a_batch_and_of_a_channel_is_described() -> None:
    made = {f.name for f in fields(batches.Batch)} - {"patches", "sound"}
    told = {f.name for f in fields(Channel)} - {"name"}
    for name in made | told | {f.name for f in fields(chunks.Row)}:
        assert re.search(rf"`{{?{name}`|\b{name}\b", TEXT), name


def test_every_state_of_a_job_is_described() -> None:
    for state in State:
        assert state.value in TEXT
    assert "wire.jobs.Job" in TEXT
    assert {"error", "warning", "degraded"} <= {f.name for f in fields(Job)}
