"""The layers: which folder may import which (docs/architecture.md), and where torch is never loaded."""

import ast
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]

READING = ("avatars.errors", "avatars.loop", "avatars.pose", "avatars.store")
"""The part of `avatars` that opens what was prepared, and tells what to show of it."""

MAY_IMPORT = {
    "app": ("wire", *READING, "settings"),
    "workers": ("latentsync", "wire", "avatars", "settings"),
    "streamer": ("wire", *READING, "settings"),
    "latentsync": (),
    "latentsync/__main__.py": ("latentsync", "avatars", "settings"),
    "avatars": ("latentsync.geometry", "latentsync.mask", "settings"),
    "wire": (),
    "demo": ("settings",),
    "assets": (),
    "settings.py": (),
    "celeryconfig.py": ("settings",),
}
"""What of ours each may import beside itself; a file with a row of its own is no part of its folder's."""

OURS = {name.removesuffix(".py") for name in MAY_IMPORT} | {"bench", "tests"}

NEVER = {"latentsync": ("flask", "celery", "kombu", "redis")}

WITHOUT_TORCH = ("app", "streamer", "avatars", "wire")
"""All of these; of the next, what is imported before an engine is chosen."""
EARLY = (
    *("workers.celery", "workers.prepare", "workers.dispatch", "workers.render", "workers.role"),
    *("latentsync", "latentsync.config", "latentsync.geometry", "latentsync.mask", "latentsync.mel"),
    *("latentsync.spans", "latentsync.film", "latentsync.speech"),
    *("latentsync.__main__", "latentsync.download"),
)

LOAD = """
import importlib, sys

class Heavy:
    def find_spec(self, name, path=None, target=None):
        if name.split(".")[0] in ("torch", "diffusers", "transformers"):
            raise RuntimeError(f"{name} is imported")

sys.meta_path.insert(0, Heavy())
for name in sys.argv[1:]:
    importlib.import_module(name)
"""


def _sources(owner: str) -> list[Path]:
    if not (ROOT / owner).is_dir():
        return [ROOT / owner]
    files = sorted((ROOT / owner).rglob("*.py"))
    return [file for file in files if str(file.relative_to(ROOT)) not in MAY_IMPORT]


def _imports(source: Path) -> Iterator[tuple[int, str]]:
    """Yield line and full name of everything that a file imports."""
    for node in ast.walk(ast.parse(source.read_text())):
        if isinstance(node, ast.Import):
            yield from ((node.lineno, alias.name) for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.level == 0:
            yield from ((node.lineno, f"{node.module}.{alias.name}") for alias in node.names)


def _within(name: str, packages: tuple[str, ...]) -> bool:
    return any(f"{name}.".startswith(f"{package}.") for package in packages)


@pytest.mark.parametrize("owner", MAY_IMPORT)
def test_folder_imports_only_what_the_table_allows(owner: str) -> None:
    allowed = (owner.removesuffix(".py"), *MAY_IMPORT[owner])
    wrong = [
        f"{source.relative_to(ROOT)}:{line} imports {name}"
        for source in _sources(owner)
        for line, name in _imports(source)
        if (name.split(".")[0] in OURS and not _within(name, allowed))
        or _within(name, NEVER.get(owner.split("/")[0], ()))
    ]
    assert wrong == []


def test_torch_is_never_loaded_where_no_engine_needs_it() -> None:
    names = [module for owner in WITHOUT_TORCH for module in _modules(owner)]
    loaded = subprocess.run(
        [sys.executable, "-c", LOAD, *names, *EARLY], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert loaded.returncode == 0, loaded.stderr


def _modules(owner: str) -> list[str]:
    files = (path.relative_to(ROOT).with_suffix("") for path in _sources(owner))
    return [".".join(file.parts) for file in files if file.name not in ("__main__", "gunicorn")]


def test_architecture_has_a_row_for_every_folder_held_here() -> None:
    text = (ROOT / "docs" / "architecture.md").read_text()
    folders = [name for name in MAY_IMPORT if not name.endswith(".py") and name != "assets"]
    assert [name for name in folders if f"| `{name}/` |" not in text] == []
