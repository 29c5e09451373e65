import fcntl
import hashlib
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace

import huggingface_hub
import pytest

from latentsync.download import PARTS, Part, fetch
from latentsync.errors import CheckpointError
from tests.conftest import free_port
from tests.latentsync.hub import COMMIT, Hub, running_hub

ROOT = Path(__file__).parents[2]
UNET, WHISPER, CONFIG, _ = PARTS
UNRECORDED = tuple(replace(part, sha256=None) for part in PARTS)
"""The parts as the hub of these tests can give them: what has a recorded SHA-256 is large."""
RUN_UNRECORDED = """
import sys
from dataclasses import replace
from latentsync import download
download.PARTS = tuple(replace(part, sha256=None) for part in download.PARTS)
sys.exit(download.main())
"""
UNFINISHED = f"latentsync_unet.pt.{COMMIT}.part"
LARGE, SMALL = bytes(range(256)) * 400, b'{"_class_name": "AutoencoderKL"}'


def sha256(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


def fill(hub: Hub) -> None:
    """Let the hub hold every part."""
    for part in PARTS:
        hub.files[f"{part.repository}/{part.file}"] = SMALL if part.file.endswith("json") else LARGE


def point_at(monkeypatch: pytest.MonkeyPatch, address: str) -> None:
    """Let the library, which reads HF_ENDPOINT once at import, ask another hub."""
    constants = huggingface_hub.constants
    monkeypatch.setattr(constants, "ENDPOINT", address)
    monkeypatch.setattr(
        constants, "HUGGINGFACE_CO_URL_TEMPLATE", address + "/{repo_id}/resolve/{revision}/{filename}"
    )


@pytest.fixture
def hub(monkeypatch: pytest.MonkeyPatch) -> Iterator[Hub]:
    with running_hub() as hub:
        fill(hub)
        point_at(monkeypatch, hub.address)
        yield hub


def test_make_checkpoints_fetches_the_parts_and_no_more(hub: Hub, tmp_path: Path) -> None:
    hub.files["ByteDance/LatentSync/latentsync_syncnet.pt"] = LARGE
    ended = run(tmp_path, hub.address)
    assert ended.returncode == 0, ended.stderr
    assert ended.stdout.count(" is fetched: SHA-256 ") == 4
    assert sha256(LARGE) in ended.stdout
    files = {str(path.relative_to(tmp_path)) for path in tmp_path.rglob("*") if path.is_file()}
    assert files == {part.place for part in PARTS}
    assert (tmp_path / "latentsync_unet.pt").read_bytes() == LARGE
    assert (tmp_path / "vae" / "config.json").read_bytes() == SMALL


def test_make_checkpoints_without_a_hub_ends_with_a_sentence(tmp_path: Path) -> None:
    ended = run(tmp_path, f"http://127.0.0.1:{free_port()}")
    assert ended.returncode == 1
    assert re.fullmatch(r"The hub cannot be reached for latentsync_unet\.pt of .+\n", ended.stderr)


def run(folder: Path, address: str) -> subprocess.CompletedProcess[str]:
    quiet = {"HF_HUB_DISABLE_PROGRESS_BARS": "1", "HF_HUB_DISABLE_TELEMETRY": "1", "NO_PROXY": "*"}
    return subprocess.run(
        [sys.executable, "-c", RUN_UNRECORDED, str(folder)],
        cwd=ROOT,
        env=os.environ | quiet | {"HF_ENDPOINT": address},
        capture_output=True,
        text=True,
        check=False,
    )


def test_a_part_is_fetched_once(hub: Hub, tmp_path: Path) -> None:
    assert fetch(UNET, tmp_path) == (
        f"{tmp_path / 'latentsync_unet.pt'} is fetched: SHA-256 {sha256(LARGE)}, of commit {COMMIT}."
    )
    assert fetch(UNET, tmp_path) == (
        f"{tmp_path / 'latentsync_unet.pt'} is there: SHA-256 {sha256(LARGE)}, as published."
    )
    assert len(hub.asked) == 1


def test_a_broken_connection_is_taken_up_where_it_broke(
    hub: Hub, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # the library writes, and so goes on from, whole pieces: of 10 MB, but for this test
    monkeypatch.setattr(huggingface_hub.constants, "DOWNLOAD_CHUNK_SIZE", 10_000)
    hub.breaks_at = [43_000]
    fetch(UNET, tmp_path)
    assert [first for _, first in hub.asked] == [0, 40_000]
    assert (tmp_path / UNET.place).read_bytes() == LARGE


def test_a_later_run_goes_on_where_an_earlier_one_broke_off(hub: Hub, tmp_path: Path) -> None:
    (tmp_path / UNFINISHED).write_bytes(LARGE[:70_000])
    hub.refuses = 503
    with pytest.raises(
        CheckpointError, match=r"^The hub does not give latentsync_unet\.pt .*answered 503\.$"
    ):
        fetch(UNET, tmp_path)
    assert not (tmp_path / UNET.place).exists()
    hub.refuses = None
    fetch(UNET, tmp_path)
    assert [first for _, first in hub.asked] == [70_000, 70_000]
    assert (tmp_path / UNET.place).read_bytes() == LARGE


@pytest.mark.usefixtures("hub")
def test_what_is_longer_than_the_hubs_file_is_fetched_anew(tmp_path: Path) -> None:
    (tmp_path / UNFINISHED).write_bytes(2 * LARGE)
    fetch(UNET, tmp_path)
    assert (tmp_path / UNET.place).read_bytes() == LARGE


@pytest.mark.usefixtures("hub")
def test_what_is_there_of_another_commit_is_not_gone_on_from_and_not_kept(tmp_path: Path) -> None:
    (tmp_path / f"latentsync_unet.pt.{'f' * 40}.part").write_bytes(bytes(70_000))
    fetch(UNET, tmp_path)
    assert (tmp_path / UNET.place).read_bytes() == LARGE
    assert [path.name for path in tmp_path.iterdir()] == [UNET.place]


@pytest.mark.parametrize("recorded", [None, sha256(LARGE)])
def test_bytes_of_another_hash_never_get_the_name(hub: Hub, tmp_path: Path, recorded: str | None) -> None:
    hub.garbled = True
    with pytest.raises(
        CheckpointError, match=rf"came with SHA-256 .+, not {sha256(LARGE)}: it was thrown away"
    ):
        fetch(replace(UNET, sha256=recorded), tmp_path)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.usefixtures("hub")
def test_whispers_and_the_vaes_recorded_hashes_are_held_to(tmp_path: Path) -> None:
    for part in (WHISPER, PARTS[3]):
        with pytest.raises(CheckpointError, match=f"not {part.sha256}: it was thrown away"):
            fetch(part, tmp_path)


@pytest.mark.usefixtures("hub")
def test_the_recorded_hash_counts_and_not_the_hubs(tmp_path: Path) -> None:
    with pytest.raises(CheckpointError, match=f"not {'0' * 64}: it was thrown away"):
        fetch(replace(UNET, sha256="0" * 64), tmp_path)


def test_a_folder_filled_by_hand_is_left_as_it_is(hub: Hub, tmp_path: Path) -> None:
    for part in UNRECORDED:
        path = tmp_path / part.place
        path.parent.mkdir(exist_ok=True)
        path.write_bytes(hub.files[f"{part.repository}/{part.file}"])
    (tmp_path / CONFIG.place).write_bytes(b"{}")  # saved by another tool; the hub gives no SHA-256 of it
    assert all(" is there: SHA-256 " in fetch(part, tmp_path) for part in UNRECORDED)
    assert hub.asked == []
    assert (tmp_path / CONFIG.place).read_bytes() == b"{}"


def test_another_file_in_the_place_is_named_and_not_overwritten(hub: Hub, tmp_path: Path) -> None:
    (tmp_path / UNET.place).write_bytes(LARGE[:-1])
    with pytest.raises(CheckpointError, match=r"is not the published file: .+; move it away"):
        fetch(UNET, tmp_path)
    assert (tmp_path / UNET.place).read_bytes() == LARGE[:-1]
    assert hub.asked == []


def test_without_a_network_what_is_there_is_good_enough(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    point_at(monkeypatch, f"http://127.0.0.1:{free_port()}")
    (tmp_path / UNET.place).write_bytes(LARGE)
    assert " is there, and not compared with the published one: The hub cannot" in fetch(UNET, tmp_path)
    recorded = replace(UNET, sha256=sha256(LARGE))
    assert fetch(recorded, tmp_path).endswith(", as published.")


@pytest.mark.usefixtures("hub")
def test_a_file_that_the_hub_lacks_is_an_error(tmp_path: Path) -> None:
    for part in (
        replace(UNET, file="none.pt"),
        replace(UNET, revision="v9"),
        replace(UNET, repository="a/b"),
    ):
        with pytest.raises(
            CheckpointError, match=rf"^The hub does not give {part.file} of {part.repository} at"
        ):
            fetch(part, tmp_path)


def test_too_little_disk_is_said_before_anything_is_fetched(
    hub: Hub, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    hub.files[f"{UNET.repository}/{UNET.file}"] = bytes(5_000_000)
    monkeypatch.setattr("latentsync.download.shutil.disk_usage", lambda _: SimpleNamespace(free=2_000_000))
    with pytest.raises(CheckpointError, match="needs 5 MB more; 2 MB are free"):
        fetch(UNET, tmp_path)
    assert hub.asked == []


@pytest.mark.usefixtures("hub")
def test_a_folder_that_cannot_be_written_is_an_error(tmp_path: Path) -> None:
    (tmp_path / "whisper").write_bytes(b"")
    with pytest.raises(CheckpointError, match=r"^whisper/tiny\.pt cannot be fetched: File exists\.$"):
        fetch(WHISPER, tmp_path)


@pytest.mark.usefixtures("hub")
def test_two_runs_do_not_write_the_same_file(tmp_path: Path) -> None:
    with (tmp_path / UNFINISHED).open("ab") as other:
        fcntl.flock(other, fcntl.LOCK_EX)
        with pytest.raises(CheckpointError, match="is being fetched by another process"):
            fetch(UNET, tmp_path)


def test_what_is_no_hub_is_said_to_be_none(hub: Hub, tmp_path: Path) -> None:
    hub.commit = ""
    with pytest.raises(CheckpointError, match=r"is not a hub: look at HF_ENDPOINT"):
        fetch(CONFIG, tmp_path)


def test_the_readme_lists_the_parts() -> None:
    rows = re.findall(r"^\| (`.+) \|$", (ROOT / "checkpoints" / "README.md").read_text(), re.MULTILINE)
    assert [[cell.strip("` ") for cell in row.split("|")] for row in rows] == [listed(part) for part in PARTS]


def listed(part: Part) -> list[str]:
    return [part.place, part.repository, part.file, part.revision, part.sha256 or "not recorded"]
