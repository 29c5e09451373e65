"""What airs where a chunk could not be rendered: the clip's own mouth, the true sound."""

import logging
from itertools import repeat

from settings import settings
from wire import chunks, jobs
from wire.batches import Patch
from wire.supply import RefusedError
from workers import stores
from workers.publishing import publish, to_batches
from workers.slices import cut

log = logging.getLogger(__name__)


def replace_chunk(job_id: str, chunk: int, attempt: int) -> None:
    """Publish the chunk with empty patches; batches that were rendered before its trouble stay."""
    job = jobs.load(stores.broker(), job_id)
    if job is None:
        return
    still = repeat(Patch.empty(), len(chunks.span(chunk, job.frames)))
    sound = cut(settings().uploads_folder, job, chunk)
    try:
        publish(stores.frames(), to_batches(job, chunk, attempt, sound, still))
    except RefusedError as error:
        log.info("the replacement came too late: %s", error)
