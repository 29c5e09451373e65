"""Of diffusers a worker imports what it uses, and takes nothing away from whoever else is in the process."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]

ALONE = """
import importlib.metadata, importlib.util, json, sys
kept = lambda: (importlib.util.find_spec, importlib.metadata.packages_distributions)
before = kept()
import latentsync.lipsync
found = {"early": [name for name in ("torch._dynamo", "transformers") if name in sys.modules]}
import torch
found["compiled"] = torch.compile(lambda x: x + 1, backend="eager")(torch.ones(2)).tolist()
found["restored"] = kept() == before
print(json.dumps(found))
"""

AFTER_OTHERS = """
import json, sys
import torch._dynamo as compiler
import latentsync.lipsync
from diffusers.utils import is_transformers_available
kept = sys.modules["torch._dynamo"] is compiler
print(json.dumps({"kept": kept, "found": is_transformers_available()}))
"""


def _run(code: str) -> dict[str, object]:
    ran = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=False)
    assert ran.returncode == 0, ran.stderr
    found: dict[str, object] = json.loads(ran.stdout)
    return found


@pytest.fixture(scope="module")
def alone() -> dict[str, object]:
    return _run(ALONE)


def test_the_model_is_imported_without_compiler_and_without_transformers(alone: dict[str, object]) -> None:
    assert alone["early"] == []


def test_both_can_be_found_afterwards(alone: dict[str, object]) -> None:
    assert alone["compiled"] == [2.0, 2.0]
    assert alone["restored"]


def test_nothing_is_hidden_where_the_compiler_is_there_already() -> None:
    assert _run(AFTER_OTHERS) == {"kept": True, "found": True}
