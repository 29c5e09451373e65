"""The tick: wait, gather, step, mix, write. 25 times a second, whatever happens around it."""

import logging
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from itertools import count, repeat
from time import monotonic, sleep
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from avatars.loop import there_and_back
from avatars.store import Avatar
from streamer.buffer import Buffer, Spoken
from streamer.canvas import Canvas, Piece
from streamer.counters import Counters
from streamer.idling import Idling
from streamer.label import Label
from streamer.mixing import FULL, Fade, Sound, cross, joined, lay
from streamer.pace import Pace
from streamer.playout import Body, Mode, State, Supply, is_held, move, step, sway
from wire.batches import Patch
from wire.media import FPS, SAMPLES_PER_FRAME

SILENCE: NDArray[np.int16] = np.zeros(SAMPLES_PER_FRAME, np.int16)
FADES = (Mode.FADE_IN, Mode.FADE_OUT)

log = logging.getLogger(__name__)


class Worn(NamedTuple):
    """The patch laid last, and the position it was made for; fading out on others it moves with the face."""

    patch: Patch
    position: int


class Playout:
    """One channel on air: from what the buffer holds to what the encoder gets."""

    def __init__(
        self,
        avatar: Avatar,
        label: Label | None,
        fade: Fade,
        position: int,
        number: int,
        buffer: Buffer,
        write: Callable[[int, Sequence[Piece], Sound, Spoken | None], None],
        counters: Counters,
        idling: Idling | None = None,
    ) -> None:
        """`position` is the place on the channel's timeline that was sent last, `number` the tick in which it
        was. `idling` is the clip of idle, where that is another than the `avatar`, which speaks.

        `write` takes each tick's number, its picture in pieces, its sound, and the job's frame in them if
        there is one; it must not wait.
        """
        self._pictures = np.asarray(avatar.pictures)  # a plain view: indexing a memmap costs 10 µs more
        self._label, self._fade = label, fade
        self._buffer, self._write = buffer, write
        self._counters, self._idling = counters, idling
        self._boxes = np.asarray(avatar.boxes)
        self._body, self._mouth, self._worn = Body(position), State(), Worn(Patch.empty(), position)
        self._supply = Supply.NONE
        self._spoken: Spoken | None = None
        self._late_after: Spoken | None = None  # where speech stands still, the frame that was its last
        self._sent = self._composed(position, self._worn, 0)
        self._old: Iterator[Canvas] = repeat(self._sent)
        self._last_sample = 0
        self._number = number

    @property
    def number(self) -> int:
        """The number of the tick that was sent last."""
        return self._number

    @property
    def position(self) -> int:
        """The place on the channel's timeline that was sent last."""
        return self._body.position

    def run(self, is_stopped: Callable[[], bool], may_send: Callable[[bool], bool]) -> None:
        """Send a tick every 40 ms from now on until `is_stopped`, and what it takes then to close the mouth.

        `may_send`, told once of each time that the ticks stood still, says before each tick whether the
        channel is still to be sent from here; nothing is sent after it was not.
        """
        number = self._number + 1
        pace, was_still = Pace(monotonic() - number / FPS), False
        while not ((ends := is_stopped()) and self._is_quiet()):
            self._wait(pace, number)
            stands_still = pace.has_stalled(number, monotonic())
            if not may_send(stands_still and not was_still):
                return
            was_still = stands_still
            if skipped := pace.to_skip(number, monotonic()):
                self._skip(skipped)
                number += skipped
            self.tick(number, ends)
            number += 1

    def _is_quiet(self) -> bool:
        return self._spoken is None and self._mouth.mode is Mode.IDLE

    def _wait(self, pace: Pace, number: int) -> None:
        now = monotonic()
        if now < pace.due_s(number):
            sleep(pace.due_s(number) - now)
            now = monotonic()
        self._counters.ticks_late += pace.is_late(number, now)

    def _skip(self, ticks: int) -> None:
        log.warning("stood still: %d frames are skipped", ticks)
        self._counters.ticks_skipped += ticks
        self._body = Body(self._body.position + ticks)
        if self._idling:
            self._idling.skip(ticks)

    def tick(self, number: int, ends: bool = False) -> None:
        """Send one frame and its sound, as the stream's tick `number`; no more of any job where it `ends`."""
        supply, spoken = (Supply.NONE, None) if ends else self._gather()
        self._step(supply, spoken)
        picture, sound = self._picture(), self._sound(spoken)
        self._write(number, list(picture.pieces()), sound, spoken)
        self._supply, self._spoken, self._number = supply, spoken, number

    def _gather(self) -> tuple[Supply, Spoken | None]:
        late = self._late_after
        if late and is_held(self._body, late.position + 1, len(self._pictures)) and self._buffer.has_next():
            return Supply.HELD, None
        supply, spoken = self._buffer.take(self._body.position + 1, self._mouth.mode is Mode.IDLE)
        if supply is Supply.LATE and self._spoken:
            late = self._spoken
            self._counters.underruns += 1
            log.warning("job %s: frame %d is late", late.job.id, late.number + 1)
        elif spoken and spoken.follows(late):
            spoken = replace(spoken, was_late=True)
            log.info("job %s: goes on with frame %d", spoken.job.id, spoken.number)
        self._late_after = late if supply is Supply.LATE else None
        return supply, spoken

    def _step(self, supply: Supply, spoken: Spoken | None) -> None:
        """Move body and mouth one tick on. A frame with no patch shows the clip's own mouth, as idle does."""
        patched = spoken if spoken and spoken.patch.picture.size else None
        mouth = Supply.NONE if supply is Supply.READY and not patched else supply
        is_placed = spoken and (patched or spoken.was_late or self._is_unseen())
        body = self._moved(supply, spoken if is_placed else None)
        if body.turn == 1:
            self._old = self._what_was_on()
            self._counters.cross_fades += 1
        state = step(self._mouth, mouth, self._fade.frames)
        self._counters.fades += state.mode in FADES and state.mode is not self._mouth.mode
        self._body, self._mouth = body, state
        if patched:
            self._worn = Worn(patched.patch, patched.position)
        if self._idling:
            self._idling.step(supply is not Supply.NONE, body.position)

    def _is_unseen(self) -> bool:
        """Return whether the clip that speaks may go to any place: the idle clip alone was sent."""
        return self._idling is not None and self._idling.is_alone

    def _moved(self, supply: Supply, placed: Spoken | None) -> Body:
        """Return the body one tick on; `placed` is what is sent if it has to be in its place."""
        frames, fade = len(self._pictures), 1 if self._is_unseen() else self._fade.frames
        if self._late_after:
            return sway(self._body, self._late_after.position + 1, supply is Supply.HELD, frames, fade)
        return move(self._body, placed.position if placed else None, frames, fade)

    def _what_was_on(self) -> Iterator[Canvas]:
        """Return the pictures to cross over from: what was on, moving on; in a cross-fade, as it was sent."""
        if self._body.turn:
            return repeat(self._sent)
        worn, share = self._worn, self._share_of_mouth()
        return (self._composed(n, worn, share) for n in count(self._body.position + 1))

    def _composed(self, position: int, worn: Worn, share: int) -> Canvas:
        frame, made_for = (there_and_back(n, len(self._pictures)) for n in (position, worn.position))
        picture = Canvas(self._pictures[frame])
        x, y = self._boxes[frame, :2] - self._boxes[made_for, :2]
        lay(picture, replace(worn.patch, x=worn.patch.x + int(x), y=worn.patch.y + int(y)), share)
        return picture

    def _share_of_mouth(self) -> int:
        """Return the job's share of the mouth in its own clip's picture: it comes and goes with that."""
        share, idling = self._fade.weight(self._mouth.level), self._idling
        return min(FULL, FULL * share // idling.share) if idling and not idling.is_alone else share

    def _picture(self) -> Canvas:
        if self._idling and self._idling.is_alone:
            picture = self._idling.picture()
        else:
            self._sent = self._speaking()
            picture = self._idling.under(self._sent) if self._idling else self._sent
        if self._label:
            self._label.lay(picture)
        return picture

    def _speaking(self) -> Canvas:
        """Return the picture of the clip that speaks."""
        share = self._share_of_mouth()
        crossed = self._fade.weight(self._body.turn)
        if self._body.turn:  # the new mouth comes with its body, and has no smaller share
            share = min(FULL, FULL * share // crossed)
        picture = self._composed(self._body.position, self._worn, share)
        if self._body.turn:
            picture = Canvas(cross(next(self._old).whole(), picture.whole(), crossed))
        return picture

    def _sound(self, spoken: Spoken | None) -> Sound:
        sound = spoken.sound if spoken else SILENCE
        if not (spoken and spoken.follows(self._spoken)):
            sound = joined(sound, self._last_sample)
        self._last_sample = int(sound[-1])
        return sound
