"""Files that are posted: honest ones of each kind, and all that strangers may send in their place."""

import io
import os
import struct
import subprocess
import zipfile
from collections.abc import Iterable
from pathlib import Path

from imageio_ffmpeg import get_ffmpeg_exe

RATE_HZ = 48_000
SPEECH_S = 2.0
GOOD = ("speech.wav", "speech.mp3", "speech.m4a", "opus.ogg", "vorbis.ogg", "speech.flac", "cover.m4a")


def make_all(folder: Path) -> None:
    """Write the files that ffmpeg makes to `folder`: those of `GOOD`, and some of other kinds."""
    cover = ["-map", "0", "-map", "1", "-c:v", "mjpeg", "-disposition:v", "attached_pic"]
    command = [get_ffmpeg_exe(), "-v", "error", "-nostdin"]
    command += ["-f", "lavfi", "-i", f"sine=220:sample_rate={RATE_HZ}:duration={SPEECH_S}"]
    command += ["-f", "lavfi", "-i", "color=gray:size=64x64:duration=0.04"]
    for name in ("speech.wav", "speech.mp3", "speech.m4a", "speech.flac", "speech.mkv", "speech.aac"):
        command += ["-map", "0", name]
    command += ["-map", "0", "-c:a", "libopus", "opus.ogg", "-map", "0", "-c:a", "libvorbis", "vorbis.ogg"]
    command += [*cover, "cover.m4a", "-map", "0", "-map", "1", "film.mp4"]
    command += ["-map", "1", "mute.mp4", "-map", "1", "still.png"]
    subprocess.run(command, cwd=folder, check=True)


def claim_hours(flac: bytes) -> bytes:
    """Return the FLAC file with a header that tells of ten hours."""
    samples = 10 * 3600 * RATE_HZ
    at = 8 + 13  # the last 36 bits of rate, channels, bits and samples, which begin at STREAMINFO's byte 10
    told = (flac[at] & 0xF0 | samples >> 32).to_bytes(1, "big") + (samples & 0xFFFFFFFF).to_bytes(4, "big")
    return flac[:at] + told + flac[at + 5 :]


def wav(
    pcm: bytes,
    rate_hz: int = RATE_HZ,
    channels: int = 1,
    bits: int = 16,
    code: int = 1,
    says: int | None = None,
) -> bytes:
    """Return a WAV file whose header says what it is told to say, of `says` bytes of sound."""
    size = len(pcm) if says is None else says
    block = channels * bits // 8
    head = struct.pack("<HHIIHH", code, channels, rate_hz, min(rate_hz * block, 2**32 - 1), block, bits)
    body = b"WAVEfmt " + struct.pack("<I", len(head)) + head + b"data" + struct.pack("<I", size) + pcm
    return b"RIFF" + struct.pack("<I", min(36 + size, 2**32 - 1)) + body


def table_bomb(samples: int) -> bytes:
    """Return some 400 bytes of M4A whose tables tell of so many samples."""
    coding = bytes(6) + struct.pack(">H8xHH4xI", 1, 1, 16, RATE_HZ << 16)
    tables = (
        _box("stsd", struct.pack(">II", 0, 1), _box("mp4a", coding)),
        _box("stts", struct.pack(">IIII", 0, 1, samples, 2)),
        _box("stsc", struct.pack(">IIIII", 0, 1, 1, samples, 1)),
        _box("stsz", struct.pack(">III", 0, 1, samples)),
        _box("stco", struct.pack(">III", 0, 1, 32)),
    )
    clock = _box("mdhd", struct.pack(">12xII4x", RATE_HZ, RATE_HZ))
    media = _box(
        "mdia", clock, _box("hdlr", bytes(8) + b"soun" + bytes(13)), _box("minf", _box("stbl", *tables))
    )
    return _box("ftyp", b"M4A \0\0\0\0") + _box("mdat", bytes(100)) + _box("moov", _box("trak", media))


def write_hollow_wav(path: Path) -> None:
    """Write a WAV file of 512 MB, all but its mark a hole: reading it takes a parser 40 s, a disk no room."""
    path.write_bytes(b"RIFF\xff\xff\xff\xffWAVE")
    os.truncate(path, 512 * 2**20)


def silence(seconds: float) -> bytes:
    return wav(bytes(2 * round(seconds * RATE_HZ)))


def zipped(content: bytes) -> bytes:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        archive.writestr("speech.wav", content)
    return packed.getvalue()


def dressed_up(url: str) -> Iterable[tuple[str, bytes]]:
    """Yield what is no sound but has a sound's name, and would have ffmpeg fetch `url`."""
    yield "playlist", f"#EXTM3U\n#EXT-X-TARGETDURATION:9\n#EXTINF:9,\n{url}\n#EXT-X-ENDLIST\n".encode()
    yield "ffconcat", f"ffconcat version 1.0\nfile {url}\n".encode()
    yield "svg", f'<svg xmlns="http://www.w3.org/2000/svg"><image href="{url}"/></svg>'.encode()
    yield "dash", f'<?xml version="1.0"?><MPD xmlns="urn:mpeg:dash:schema:mpd:2011"><BaseURL>{url}'.encode()
    yield "sdp", b"v=0\no=- 0 0 IN IP4 127.0.0.1\nc=IN IP4 127.0.0.1\nt=0 0\nm=audio 9 RTP/AVP 0\n"
    yield "zip", zipped(silence(1))
    yield "text", b"no sound at all\n" * 500


def _box(kind: str, *parts: bytes) -> bytes:
    content = b"".join(parts)
    return struct.pack(">I4s", 8 + len(content), kind.encode()) + content
