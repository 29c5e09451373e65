"""`docs/configuration.md` lists every setting there is, with its default, and no other."""

import re
from pathlib import Path

import pytest
from pydantic.fields import FieldInfo

from settings import PREFIX, Settings

PAGE = Path(__file__).parents[1] / "docs" / "configuration.md"
ROW = re.compile(r"^\| `(?P<name>[A-Z0-9_]+)` \| (?P<default>[^|]+) \| (?P<text>[^|]+) \|$", re.MULTILINE)
FIELDS = Settings.model_fields


def documented() -> dict[str, re.Match[str]]:
    return {row["name"]: row for row in ROW.finditer(PAGE.read_text())}


def test_settings_and_docs_name_the_same_settings() -> None:
    assert set(documented()) == {PREFIX + name.upper() for name in FIELDS}


@pytest.mark.parametrize(("name", "field"), FIELDS.items(), ids=list(FIELDS))
def test_a_setting_is_documented_with_its_default_and_its_reason(name: str, field: FieldInfo) -> None:
    row = documented()[PREFIX + name.upper()]
    if field.default_factory is None:  # one that is made at start is told in words
        assert row["default"] == shown(field.default)
    assert row["text"] == field.description


def shown(default: object) -> str:
    return "none" if default in (None, "") else f"`{default}`"
