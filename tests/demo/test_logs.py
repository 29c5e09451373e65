"""Log files side by side."""

from pathlib import Path

from demo.logs import LINE_MAX_BYTES, SideBySide


def _add(path: Path, text: str) -> None:
    with path.open("a") as file:
        file.write(text)


def test_each_line_says_whose_it_is(tmp_path: Path) -> None:
    logs = SideBySide(tmp_path, ("api", "streamer"), colored=False)
    assert list(logs.lines()) == []
    _add(tmp_path / "streamer.log", "on air\n")
    _add(tmp_path / "api.log", "posted\nagain\n")
    assert list(logs.lines()) == ["     api | posted", "     api | again", "streamer | on air"]


def test_line_is_shown_once_it_is_complete(tmp_path: Path) -> None:
    logs = SideBySide(tmp_path, ("api",), colored=False)
    _add(tmp_path / "api.log", "half a ")
    assert list(logs.lines()) == []
    _add(tmp_path / "api.log", "line\n")
    assert list(logs.lines()) == ["api | half a line"]


def test_rotation_loses_and_doubles_no_line(tmp_path: Path) -> None:
    path = tmp_path / "api.log"
    logs = SideBySide(tmp_path, ("api",), colored=False)
    _add(path, "1\n")
    seen = list(logs.lines())
    _add(path, "2\n")
    path.rename(tmp_path / "api.log.1")
    seen += logs.lines()
    _add(tmp_path / "api.log.1", "3\n")
    _add(path, "4\n")
    seen += logs.lines()
    assert seen == [f"api | {n}" for n in (1, 2, 3, 4)]


def test_line_without_end_takes_no_memory_without_end(tmp_path: Path) -> None:
    logs = SideBySide(tmp_path, ("api",), colored=False)
    _add(tmp_path / "api.log", "x" * (3 * LINE_MAX_BYTES))
    assert max(map(len, logs.lines())) < 2 * LINE_MAX_BYTES


def test_bytes_that_are_no_text_are_shown_all_the_same(tmp_path: Path) -> None:
    (tmp_path / "api.log").write_bytes(b"\xff\xfe\n")
    assert len(list(SideBySide(tmp_path, ("api",), colored=False).lines())) == 1
