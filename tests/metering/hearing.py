"""Judges sound against picture: what was sent with a frame is heard with it. Pure."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby

import numpy as np
from numpy.typing import NDArray

from tests.metering.faults import Fault, Kind
from tests.metering.stream import Sound
from tests.metering.timing import ROUNDING_S
from wire.chunks import count, span
from wire.media import AIR_RATE_HZ, FPS, SAMPLES_PER_FRAME, frames_of

PIECE_FRAMES = 5
"""One offset is measured over so many frames: the chirp's sweep in 0.2 s tells it to 2 ms or better."""
SHORTEST_PIECE_FRAMES = 2
SEARCH_S = 0.5
FOUND = 0.5
"""A piece is heard where it correlates by this much; another piece of chirp reaches 0.2."""
MAX_OFFSET_S = 0.040
MIN_LIKENESS = 0.9
QUIET = 200.0
"""Root mean square, in steps of int16, below which a frame's sound is silence: 35 dB under the chirps."""
SILENCE_FRAMES = 5


@dataclass(frozen=True, slots=True)
class Heard:
    """What was heard of a job. `offsets_s`: sound's timestamp less picture's, by the piece's first frame.
    `likeness`: how the sound of the frames shown correlates with what was sent with them, -1 to 1; None if
    that is silence."""

    offsets_s: Mapping[int, float]
    likeness: float | None


Times = Mapping[int, float]


def listen(sound: Sound, sent: NDArray[np.int16], times: Times) -> Heard:
    """Compare what was heard with `sent`; `times` tells when each of the job's frames was shown."""
    offsets = dict(_offsets(sound, sent, times))
    return Heard(offsets, _likeness(sound, sent, times, offsets))


def judge(heard: Heard, sound: Sound, sent: NDArray[np.int16], times: Times) -> Iterator[Fault]:
    """Yield what is wrong with one job's sound."""
    for frame, offset_s in heard.offsets_s.items():
        if abs(offset_s) > MAX_OFFSET_S:
            yield Fault(Kind.OFFSET, times[frame], f"sound of frame {frame} {offset_s * 1000:+.0f} ms")
    if heard.likeness is not None and heard.likeness < MIN_LIKENESS:
        yield Fault(Kind.SOUND, min(times.values()), f"correlates by {heard.likeness:.2f} with what was sent")
    yield from _silences(sound, sent, times)


def _offsets(sound: Sound, sent: NDArray[np.int16], times: Times) -> Iterator[tuple[int, float]]:
    for piece in _pieces(frames_of(len(sent))):
        part = _part(sent, piece)
        if _is_unbroken(piece, times) and _rms(part) > QUIET:
            offset_s = _offset(sound, part, times[piece[0]])
            if offset_s is not None:
                yield piece[0], offset_s


def _is_unbroken(piece: range, times: Times) -> bool:
    """Say whether the frames were shown one after the other; else their sound has no one place."""
    if not times.keys() >= set(piece):
        return False
    return abs(times[piece[-1]] - times[piece[0]] - (len(piece) - 1) / FPS) < 0.5 / FPS


def _pieces(frames: int, shortest: int = SHORTEST_PIECE_FRAMES) -> Iterator[range]:
    for chunk in range(count(frames)):
        whole = span(chunk, frames)
        for start in range(whole.start, whole.stop, PIECE_FRAMES):
            piece = range(start, min(start + PIECE_FRAMES, whole.stop))
            if len(piece) >= shortest:
                yield piece


def _offset(sound: Sound, part: NDArray[np.int16], at_s: float) -> float | None:
    """How much later than `at_s` the part is heard; None if it is not, within `SEARCH_S`."""
    margin = round(SEARCH_S * AIR_RATE_HZ)
    around = sound.cut(at_s - SEARCH_S, len(part) + 2 * margin)
    alike = correlation(around, part)
    best = int(alike.argmax())
    return (best - margin) / AIR_RATE_HZ if alike[best] >= FOUND else None


def correlation(line: NDArray[np.float32], part: NDArray[np.int16]) -> NDArray[np.float64]:
    """Return how `part` correlates with each place of `line`, -1 to 1, `(len(line) - len(part) + 1,)`."""
    size = 1 << (len(line) + len(part) - 1).bit_length()
    spectrum = np.fft.rfft(line, size) * np.fft.rfft(part, size).conj()
    raw = np.fft.irfft(spectrum, size)[: len(line) - len(part) + 1]
    energy = np.cumsum(np.pad(np.square(line, dtype=np.float64), (1, 0)))
    local = np.sqrt(np.maximum(energy[len(part) :] - energy[: -len(part)], 1.0))
    return np.asarray(raw / local / max(float(np.linalg.norm(part.astype(np.float64))), 1.0))


def _likeness(
    sound: Sound, sent: NDArray[np.int16], times: Times, offsets: Mapping[int, float]
) -> float | None:
    """Correlation of what is heard with the frames that were shown, each piece moved by its own offset."""
    usual_s = float(np.median(list(offsets.values()))) if offsets else 0.0
    heard, meant = [np.zeros(0, np.float32)], [np.zeros(0, np.int16)]
    for piece in _pieces(frames_of(len(sent)), shortest=1):
        for frame in times.keys() & set(piece):
            meant.append(_part(sent, range(frame, frame + 1)))
            heard.append(_nearest(sound, meant[-1], times[frame] + offsets.get(piece[0], usual_s)))
    whole = np.concatenate(meant)
    return float(correlation(np.concatenate(heard), whole)[0]) if _rms(whole) > QUIET else None


def _nearest(sound: Sound, part: NDArray[np.int16], at_s: float) -> NDArray[np.float32]:
    """Return what is heard at `at_s`, less what rounding to milliseconds moved it by."""
    margin = round(ROUNDING_S * AIR_RATE_HZ)
    around = sound.cut(at_s - ROUNDING_S, len(part) + 2 * margin)
    best = int(np.correlate(around, part, "valid").argmax())
    return around[best : best + len(part)]


def _silences(sound: Sound, sent: NDArray[np.int16], times: Times) -> Iterator[Fault]:
    quiet = [
        frame
        for frame in sorted(times)
        if _rms(_part(sent, range(frame, frame + 1))) > QUIET
        and _rms(sound.cut(times[frame], SAMPLES_PER_FRAME)) <= QUIET
    ]
    for _, group in groupby(enumerate(quiet), lambda pair: pair[1] - pair[0]):
        run = [frame for _, frame in group]
        if len(run) >= SILENCE_FRAMES:
            yield Fault(Kind.SILENCE, times[run[0]], f"frames {run[0]} to {run[-1]} are silent")


def _part(sent: NDArray[np.int16], frames: Sequence[int] | range) -> NDArray[np.int16]:
    return sent[frames[0] * SAMPLES_PER_FRAME : (frames[-1] + 1) * SAMPLES_PER_FRAME]


def _rms(samples: NDArray[np.float32] | NDArray[np.int16]) -> float:
    return float(np.sqrt(np.mean(np.square(samples, dtype=np.float64)))) if len(samples) else 0.0
