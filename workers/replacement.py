"""What airs where a chunk is not rendered: the clip's own mouth, the true sound."""

import logging
from dataclasses import replace
from itertools import repeat

import numpy as np
from numpy.typing import NDArray

from wire import chunks, supply
from wire.batches import Patch
from wire.media import CHUNK_FRAMES
from wire.supply import RefusedError
from workers import stores
from workers.assignment import Replace, Rest
from workers.publishing import publish, to_batches
from workers.views import Queued

READ_S = 0.01
"""How long to wait for batches that were just written."""

log = logging.getLogger(__name__)


def replaced(queued: Queued, action: Replace, air: NDArray[np.int16]) -> Replace:
    """Publish a chunk that could not be rendered; batches that were, before its trouble, stay.

    Where that is all of them, a try that nobody waited for any more came whole, and nothing is replaced.
    """
    publish_still(queued, action, air)
    there = supply.read(stores.frames(), action.job, [(action.chunk, 0)], CHUNK_FRAMES, READ_S)
    if any(batch.attempt == action.attempt for batch in there):
        log.error("job %s chunk %d: the clip's own mouth airs: %s", action.job, action.chunk, action.reason)
        return action
    return replace(action, has_come=True)


def publish_still(queued: Queued, action: Replace | Rest, air: NDArray[np.int16]) -> None:
    """Publish the chunk with empty patches, and its sound, `air`."""
    job = replace(queued.job, position=queued.start, epoch=queued.epoch)
    still = repeat(Patch.empty(), len(chunks.span(action.chunk, job.frames)))
    try:
        publish(stores.frames(), to_batches(job, action.chunk, action.attempt, air, still))
    except RefusedError as error:
        log.info("the clip's own mouth comes too late: %s", error)
