"""What a pass decided is laid ready on the frames server, before anybody hears of it."""

import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from redis import Redis
from redis.exceptions import OutOfMemoryError

from wire import chunks, sounds, supply
from wire.sounds import Slices
from workers.assignment import Action, Replace, Rest, Send
from workers.reasons import brief
from workers.replacement import publish_still, replaced
from workers.slices import cut, cut_air
from workers.views import Queued

log = logging.getLogger(__name__)


@dataclass(slots=True)
class _Cut:
    """What is to be laid for chunks that are rendered, and for those that are not; and why jobs failed."""

    sends: list[tuple[Send, Slices]] = field(default_factory=list)
    stills: list[tuple[Replace | Rest, NDArray[np.int16]]] = field(default_factory=list)
    failed: dict[str, str] = field(default_factory=dict)


def lay_ready(
    frames: Redis, folder: Path, queued: Mapping[str, Queued], actions: Sequence[Action]
) -> tuple[list[Action], dict[str, str]]:
    """Bring to the frames server what the chunks need.

    Returns those actions that can be carried out, and for jobs whose sound is gone the reason why they fail:
    they stop no other. What finds no room on the server waits for a later pass.
    """
    found = _cut(folder, queued, actions)
    laid: list[Action] = []
    try:
        for job_id in dict.fromkeys(action.job for action, _ in (*found.sends, *found.stills)):
            _fence(frames, queued[job_id])
        room = sounds.put(frames, [slices for _, slices in found.sends])
        laid += [send for send, _ in found.sends[:room]]
        for action, air in found.stills:
            laid.append(_publish(queued[action.job], action, air))
    except OutOfMemoryError as error:
        log.debug("the frames server is full: %s", error)
    if waiting := len(found.sends) + len(found.stills) - len(laid):
        log.warning("the frames server is full: %d chunks wait", waiting)
    return laid, found.failed


def _cut(folder: Path, queued: Mapping[str, Queued], actions: Sequence[Action]) -> _Cut:
    """Cut what the chunks need from the jobs' decoded sound; nothing of jobs that fail."""
    found = _Cut()
    there = {action.job: set(queued[action.job].heard) for action in actions}
    for action in actions:
        job = queued[action.job]
        try:
            if not isinstance(action, Send):
                found.stills.append((action, cut_air(folder, job.job, action.chunk)))
                continue
            slices = cut(folder, job.job, action.chunk, job.engine, there[action.job], job.view.first)
            there[action.job].update(slices.pieces)
            found.sends.append((action, slices))
        except (OSError, ValueError) as error:
            found.failed[action.job] = f"its sound cannot be read any more: {brief(error)}"
    found.sends = [pair for pair in found.sends if pair[0].job not in found.failed]
    found.stills = [pair for pair in found.stills if pair[0].job not in found.failed]
    return found


def _fence(frames: Redis, queued: Queued) -> None:
    if not queued.fenced:
        first = chunks.chunk_of(queued.job.frames_aired)
        supply.raise_fence(frames, queued.job.id, queued.epoch, first)


def _publish(queued: Queued, action: Replace | Rest, air: NDArray[np.int16]) -> Action:
    if isinstance(action, Replace):
        return replaced(queued, action, air)
    publish_still(queued, action, air)
    return action
