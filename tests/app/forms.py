"""Forms as clients post them, good and bad."""

from dataclasses import dataclass

BOUNDARY = "1f2e3d"
TYPE = f"multipart/form-data; boundary={BOUNDARY}"


@dataclass(frozen=True)
class Part:
    """One part of a form; one with a file name is a file."""

    name: str
    content: bytes
    file_name: str | None = None

    def encoded(self) -> bytes:
        head = f'--{BOUNDARY}\r\nContent-Disposition: form-data; name="{self.name}"'
        if self.file_name is not None:
            head += f'; filename="{self.file_name}"'
        return f"{head}\r\n\r\n".encode() + self.content + b"\r\n"


END = f"--{BOUNDARY}--\r\n".encode()


def form(*parts: Part) -> bytes:
    return b"".join(part.encoded() for part in parts) + END


def sound(content: bytes, file_name: str = "speech.wav") -> Part:
    return Part("audio_file", content, file_name)


def text(name: str, value: str) -> Part:
    return Part(name, value.encode())
