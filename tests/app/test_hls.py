"""The stream for browsers."""

import shutil
from pathlib import Path

import pytest
from flask.testing import FlaskClient

from settings import Settings

KINDS = {
    "index.m3u8": "application/vnd.apple.mpegurl",
    "12.ts": "video/mp2t",
    "seg-3.m4s": "video/iso.segment",
    "init.mp4": "video/mp4",
}


@pytest.fixture
def folder(nobody: FlaskClient, config: Settings) -> Path:
    assert nobody
    folder = config.hls_folder / "main"
    folder.mkdir(parents=True)
    return folder


@pytest.mark.parametrize(("name", "kind"), KINDS.items(), ids=list(KINDS))
def test_files_come_with_their_type_and_no_stale_playlist(
    nobody: FlaskClient, folder: Path, name: str, kind: str
) -> None:
    (folder / name).write_bytes(b"0123456789")
    answer = nobody.get(f"/hls/main/{name}")
    assert (answer.status_code, answer.data, answer.mimetype) == (200, b"0123456789", kind)
    assert answer.headers["Cache-Control"] == ("no-store" if name.endswith("m3u8") else "no-cache")


def test_a_name_used_again_is_served_anew(nobody: FlaskClient, folder: Path) -> None:
    (folder / "0.ts").write_bytes(b"old")
    tag = nobody.get("/hls/main/0.ts").headers["ETag"]
    (folder / "0.ts").write_bytes(b"newer")
    assert nobody.get("/hls/main/0.ts", headers={"If-None-Match": tag}).data == b"newer"


def test_a_part_of_a_segment_can_be_had(nobody: FlaskClient, folder: Path) -> None:
    (folder / "0.ts").write_bytes(b"0123456789")
    answer = nobody.get("/hls/main/0.ts", headers={"Range": "bytes=2-4"})
    assert (answer.status_code, answer.data) == (206, b"234")
    answer = nobody.get("/hls/main/0.ts", headers={"Range": "bytes=20-"})
    assert answer.json is not None
    assert (answer.status_code, answer.json["error"]["code"]) == (416, "bad_range")


@pytest.mark.parametrize(
    "path",
    [
        "main/none.ts",
        "none/index.m3u8",
        "main/secret.txt",
        "main/.hidden.ts",
        "main/index.m3u8.tmp",
        "main/..%2fsecret.ts",
        "%2e%2e/secret.ts",
        "../secret.ts",
        "main/%00.ts",
        "MAIN/index.m3u8",
        "main/",
    ],
)
def test_nothing_else_is_served(nobody: FlaskClient, folder: Path, path: str) -> None:
    for file in (
        folder / "secret.txt",
        folder / ".hidden.ts",
        folder / "index.m3u8.tmp",
        folder.parent / "secret.ts",
    ):
        file.write_text("secret")
    shutil.copytree(folder, folder.with_name("MAIN"))
    (folder.with_name("MAIN") / "index.m3u8").write_text("secret")
    answer = nobody.get(f"/hls/{path}")
    assert answer.json is not None
    assert (answer.status_code, answer.json["error"]["code"]) == (404, "not_found")
