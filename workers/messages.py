"""A task's message as a text, to be pushed in one step with what it tells of.

Celery's own way of sending takes more of the CPU than any other part of a pass of dispatch, and another step.
In Redis a queue is a list; its elements are in Celery's protocol 2 and in the envelope of Kombu's virtual
transports. Tests hold them to what Celery itself sends.
"""

import json
from base64 import b64encode
from functools import lru_cache

from celery.utils import uuid

from wire import scripts
from wire.connection import script
from workers import stores
from workers.celery import app


def ring_dispatch() -> None:
    """Hasten the next dispatch pass; one that is missed is made up for by dispatch's own timer.

    Where a message to dispatch waits that it has not taken yet, the pass that follows will see all there is.
    """
    ring = message("dispatch", "workers.dispatch", (), uuid())
    script(stores.broker(), scripts.RING, ["dispatch"], ring)


def message(queue: str, task: str, args: tuple[object, ...], task_id: str) -> str:
    """Return what rings the worker of `queue` once it is pushed to the list of that name.

    `task_id` tells this message from all others that a worker may hold.
    """
    headers, properties, options = _form(task)
    body = json.dumps((args, {}, options)).encode()
    envelope = {
        "body": b64encode(body).decode(),
        "content-encoding": "utf-8",
        "content-type": "application/json",
        "headers": {**headers, "id": task_id, "root_id": task_id, "argsrepr": repr(args)},
        "properties": {
            **properties,
            "correlation_id": task_id,
            "body_encoding": "base64",
            "delivery_info": {"exchange": "", "routing_key": queue},
            "delivery_mode": 2,
            "delivery_tag": task_id,
            "priority": 0,
        },
    }
    return json.dumps(envelope)


@lru_cache
def _form(task: str) -> tuple[dict[str, object], dict[str, object], dict[str, object]]:
    """Return the headers and properties of every message of the task, and what is told with its arguments."""
    headers, properties, (_, _, options), _ = app.amqp.as_task_v2(
        "", task, argsrepr="", kwargsrepr="{}", ignore_result=None
    )
    return headers, properties, options
