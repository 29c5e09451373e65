"""What a posted file is: a sound of the kinds served that can be used, or why not.

A program of its own, run by `app.prober` with `python -I`: it parses what strangers send, so it has little
memory, little time, and a single file descriptor beside its pipes, which the posted file takes. So no crafted
file can fill or stop the server, or make it open another file or connect to anything.

Reads paths, one JSON string a line; answers each with a line `{"length_s": …}`, or `{"not_audio": "why"}`, or
`{"unusable_audio": "why"}`.
"""

import json
import resource
import signal
import sys
from collections.abc import Iterator
from pathlib import Path

import av
import av.subtitles.codeccontext  # av would load them when a file needs them, but then can open nothing
import av.subtitles.stream
import av.subtitles.subtitle
from av.audio import AudioStream
from av.container import InputContainer

KINDS = "WAV, MP3, M4A, OGG (Opus or Vorbis) and FLAC"
DEMUXERS = "wav,mp3,mov,ogg,flac"
"""All else, playlists first of all, is refused before it is parsed."""
CODECS = (
    *(f"pcm_{sample}{end}" for sample in ("s16", "s24", "s32", "f32", "f64") for end in ("le", "be")),
    *("pcm_u8", "pcm_alaw", "pcm_mulaw", "adpcm_ms", "adpcm_ima_wav"),
    *("mp3", "mp3float", "aac", "alac", "opus", "libopus", "vorbis", "flac"),
)
RATES_HZ = (8_000, 192_000)
CHANNELS_MAX = 8
PACKETS_TRIED = 32
"""Packets of which one must decode: a file cut from a longer one may begin with some that cannot."""

READ_BYTES = 32 * 2**10
"""Bytes from which kind and coding must be known; libav's 5 MB cost 40 ms for a WAV of 10 s."""
CPU_S = 0.5
"""Processor time for a file; honest ones take 1 to 20 ms."""
MEMORY_BYTES = 100 * 2**20
"""Memory for a file, beside that of the idle program."""


class NotAudioError(Exception):
    """No sound of the kinds served."""


class UnusableAudioError(Exception):
    """A sound that cannot be used."""


def examine(path: Path, longest_s: float) -> float:
    """Return the length in seconds that the file's header tells, 0.0 if it tells none.

    Raises:
        NotAudioError: it is no sound of the kinds served.
        UnusableAudioError: it is one, but nothing of it decodes, or it is outside the bounds.
    """
    options = {
        "protocol_whitelist": "file",
        "format_whitelist": DEMUXERS,
        "codec_whitelist": ",".join(CODECS),
        "probesize": str(READ_BYTES),
    }
    try:
        with av.open(f"file:{path.absolute()}", options=options) as container:
            return _examine(container, longest_s)
    except (av.FFmpegError, MemoryError):
        if _begins_as_audio(path):
            raise UnusableAudioError("The file is damaged: nothing of it can be read.") from None
        raise NotAudioError(f"This is no sound file of the kinds served: {KINDS}.") from None


def _examine(container: InputContainer, longest_s: float) -> float:
    stream = container.streams.best("audio")
    if not isinstance(stream, AudioStream):
        raise NotAudioError(f"The file holds no sound. These are served: {KINDS}.")
    length_s = _length_s(container, stream)
    _check(stream, length_s, longest_s)
    if not any(True for _ in _decodable(container, stream)):
        raise UnusableAudioError("The file holds no sound that can be decoded.")
    return max(length_s, 0.0)


def _length_s(container: InputContainer, stream: AudioStream) -> float:
    lengths = [container.duration / av.time_base] if container.duration is not None else []
    if stream.duration is not None and stream.time_base is not None:
        lengths.append(float(stream.duration * stream.time_base))
    return max(lengths, default=0.0)


def _check(stream: AudioStream, length_s: float, longest_s: float) -> None:
    codec = stream.codec_context
    if codec is None or codec.name not in CODECS:
        raise UnusableAudioError(f"The sound's coding is not one of those of {KINDS}.")
    if not RATES_HZ[0] <= codec.sample_rate <= RATES_HZ[1]:
        raise UnusableAudioError(
            f"The sampling rate is {codec.sample_rate} Hz; {RATES_HZ[0]} to {RATES_HZ[1]} Hz can be used."
        )
    if not 1 <= codec.channels <= CHANNELS_MAX:
        raise UnusableAudioError(f"The sound has {codec.channels} channels; 1 to {CHANNELS_MAX} can be used.")
    if length_s > longest_s:
        raise UnusableAudioError(f"The sound is {length_s:.0f} s long; {longest_s:g} s are allowed.")


def _decodable(container: InputContainer, stream: AudioStream) -> Iterator[None]:
    """Yield once for each of the first packets that gives sound."""
    for tried, packet in enumerate(container.demux(stream)):
        try:
            if any(frame.samples > 0 for frame in stream.decode(packet)):
                yield
        except av.FFmpegError:
            pass
        if tried >= PACKETS_TRIED:
            return


def _begins_as_audio(path: Path) -> bool:
    """Return whether the file has the mark of a kind served: then it is a broken one, and no other thing."""
    with path.open("rb") as file:
        head = file.read(12)
    wave = head[:4] in (b"RIFF", b"RF64") and head[8:12] == b"WAVE"
    frame = len(head) > 1 and head[0] == 0xFF and head[1] >= 0xE0 and head[1] & 6 != 0  # AAC's layer is 0
    mp3 = head[:3] == b"ID3" or frame
    return wave or mp3 or head[:4] in (b"fLaC", b"OggS") or head[4:8] in (b"ftyp", b"moov", b"mdat")


def _confine() -> None:
    """Give up what parsing a file does not need. SIGPROF ends the program when its time is over."""
    pages = int(Path("/proc/self/statm").read_text().split()[0])
    memory = pages * resource.getpagesize() + MEMORY_BYTES
    for limit, value in (
        (resource.RLIMIT_AS, memory),
        (resource.RLIMIT_CORE, 0),
        (resource.RLIMIT_NOFILE, 4),  # the three pipes, and the posted file
    ):
        resource.setrlimit(limit, (value, value))


def main() -> None:
    longest_s = float(sys.argv[1])
    _confine()
    for line in sys.stdin:
        signal.setitimer(signal.ITIMER_PROF, CPU_S)
        try:
            answer: dict[str, object] = {"length_s": examine(Path(json.loads(line)), longest_s)}
        except NotAudioError as error:
            answer = {"not_audio": str(error)}
        except UnusableAudioError as error:
            answer = {"unusable_audio": str(error)}
        signal.setitimer(signal.ITIMER_PROF, 0)
        sys.stdout.write(json.dumps(answer) + "\n")
        sys.stdout.flush()


if __name__ == "__main__":
    main()
