import ast
import subprocess
import sys
from pathlib import Path

import pytest

import latentsync

ROOT = Path(__file__).parents[2]


@pytest.mark.parametrize("name", latentsync.__all__)
def test_every_public_name_is_there(name: str) -> None:
    assert getattr(latentsync, name) is not None


def test_names_that_checks_see_are_those_that_programs_get() -> None:
    tree = ast.parse(Path(latentsync.__file__).read_text())
    imports = [node for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)]
    seen = {
        alias.name: node.module for node in imports for alias in node.names if alias.name in dir(latentsync)
    }
    assert set(seen) == set(latentsync.__all__)
    for name, module in seen.items():
        assert getattr(latentsync, name) is getattr(sys.modules[str(module)], name)


def test_an_unknown_name_is_an_attribute_error() -> None:
    with pytest.raises(AttributeError, match="module 'latentsync' has no attribute 'nothing'"):
        _ = latentsync.nothing


def test_the_root_loads_no_torch() -> None:
    code = (
        "import sys, latentsync, latentsync.config, latentsync.errors, latentsync.geometry, latentsync.mel;"
        "latentsync.log_mel;"
        "sys.exit('torch' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", code], cwd=ROOT, check=False).returncode == 0
