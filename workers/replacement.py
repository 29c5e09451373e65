"""What airs where a chunk could not be rendered: the clip's own mouth, the true sound."""

import logging
from dataclasses import replace
from itertools import repeat

from wire import chunks
from wire.batches import Patch
from wire.supply import ChunkSound, RefusedError
from workers import stores
from workers.assignment import Replace
from workers.publishing import publish, to_batches
from workers.views import Queued

log = logging.getLogger(__name__)


def publish_still(queued: Queued, action: Replace, sound: ChunkSound) -> None:
    """Publish the chunk with empty patches; batches that were rendered before its trouble stay."""
    log.error("job %s chunk %d: the clip's own mouth airs: %s", action.job, action.chunk, action.reason)
    job = replace(queued.job, position=queued.start, epoch=queued.epoch)
    still = repeat(Patch.empty(), len(chunks.span(action.chunk, job.frames)))
    try:
        publish(stores.frames(), to_batches(job, action.chunk, action.attempt, sound, still))
    except RefusedError as error:
        log.info("the replacement came too late: %s", error)
