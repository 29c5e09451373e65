"""The processes' log files, side by side on the terminal: each line says whose it is."""

import os
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO

COLORS = (36, 33, 32, 35, 34, 96, 93, 92, 95, 94)
"""ANSI foreground colours that are readable on light and on dark."""

LINE_MAX_BYTES = 64 * 2**10
"""A longer line is shown in pieces, so that one without an end takes no memory."""


class LogFile:
    """Reads the lines that are added to a file that may not be there yet, and that may be rotated."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._file: BinaryIO | None = None
        self._rest = b""

    def lines(self) -> Iterator[str]:
        """Yield the lines completed since the last call."""
        if self._file is None and self._path.exists():
            self._file = self._path.open("rb")
        while self._file:
            yield from self._read(self._file)
            if not self._rotated(self._file):
                return
            yield from self._read(self._file)  # what was added between reading and rotating
            self._file.close()
            self._file = self._path.open("rb")

    def _read(self, file: BinaryIO) -> Iterator[str]:
        while block := file.read(LINE_MAX_BYTES):
            *complete, self._rest = (self._rest + block).split(b"\n")
            if len(self._rest) >= LINE_MAX_BYTES:
                complete, self._rest = [*complete, self._rest], b""
            for line in complete:
                yield line.decode(errors="replace")

    def _rotated(self, file: BinaryIO) -> bool:
        try:
            return not os.path.samestat(self._path.stat(), os.fstat(file.fileno()))
        except FileNotFoundError:  # moved away, and the new one is not there yet
            return False

    def close(self) -> None:
        if self._file:
            self._file.close()


class SideBySide:
    """The log files of all `names` in a folder, as one stream of lines."""

    def __init__(self, folder: Path, names: tuple[str, ...], colored: bool) -> None:
        self._files = {name: LogFile(folder / f"{name}.log") for name in names}
        width = max(map(len, names))
        self._heads = {name: _head(name.rjust(width), n, colored) for n, name in enumerate(names)}

    def lines(self) -> Iterator[str]:
        """Yield every new line, headed by the name of its process."""
        for name, file in self._files.items():
            for line in file.lines():
                yield f"{self._heads[name]} {line}"

    def close(self) -> None:
        for file in self._files.values():
            file.close()


def _head(name: str, number: int, colored: bool) -> str:
    return f"\033[{COLORS[number % len(COLORS)]}m{name} |\033[0m" if colored else f"{name} |"
