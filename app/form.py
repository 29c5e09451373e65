"""The posted form: one file, streamed to its place on the disk, and a few short texts."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from flask import Request
from werkzeug.sansio.multipart import Field, File

from app import fields, multipart
from app.errors import NoFileError, TooLargeError, UnusableAudioError, WrongFieldError

TEXT_BYTES = 1000
"""Longest text field."""


@dataclass(frozen=True, slots=True)
class Form:
    """What was posted; the file's name is the client's and never used for a path."""

    file_name: str
    texts: Mapping[str, str]


def receive(
    request: Request, path: Path, size_max: int, before_file: Callable[[Mapping[str, str]], None]
) -> Form:
    """Read the form, its file to `path`; `before_file` may refuse by the texts that came before it.

    Raises:
        NoFileError, WrongFieldError, TooLargeError, UnusableAudioError: the file is missing, one too many,
            too large, empty; or a field is unknown, doubled, too long.
        BadRequestError, TooSlowError: see `app.multipart.parts`.
        OSError: the disk is full, or fails.
    """
    texts: dict[str, str] = {}
    names: list[str] = []
    for head, content in multipart.parts(request):
        if isinstance(head, File):
            _check_file(head, names)
            before_file(texts)
            names.append(head.filename)
            _store(content, path, size_max)
        else:
            _check_text(head, texts)
            texts[head.name] = _text(head.name, content)
    if not names:
        raise NoFileError("There is no file in the form: post one as audio_file.")
    return Form(names[0], texts)


def _check_file(head: File, names: list[str]) -> None:
    if head.name != "audio_file":
        raise WrongFieldError(f"A file is posted as audio_file, not as {str(head.name)[:40]!r}.")
    if names:
        raise WrongFieldError("There are two files in the form: post one.")
    if not head.filename:  # what browsers send for an input that was left empty
        raise NoFileError("There is no file in audio_file.")


def _check_text(head: Field, texts: Mapping[str, str]) -> None:
    if head.name == "audio_file":
        raise NoFileError("audio_file is a file, not a text.")
    if head.name not in fields.NAMES:
        known = ", ".join(sorted(fields.NAMES))
        raise WrongFieldError(f"There is no field {str(head.name)[:40]!r}; there are {known}.")
    if head.name in texts:
        raise WrongFieldError(f"The field {head.name} is there twice.")


def _text(name: str, content: Iterator[bytes]) -> str:
    text = b""
    for piece in content:
        text += piece
        if len(text) > TEXT_BYTES:
            raise WrongFieldError(f"The field {name} is longer than {TEXT_BYTES} bytes.")
    try:
        return text.decode()
    except UnicodeDecodeError:
        raise WrongFieldError(f"The field {name} is not UTF-8.") from None


def _store(content: Iterator[bytes], path: Path, size_max: int) -> None:
    size = 0
    with path.open("wb") as file:
        for piece in content:
            size += len(piece)
            if size > size_max:
                raise TooLargeError(f"The file is larger than the {size_max} bytes that are allowed.")
            file.write(piece)
    if not size:
        raise UnusableAudioError("The file is empty.")
