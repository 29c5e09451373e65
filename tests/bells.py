"""What workers were rung for, taken from their queues as a worker would."""

import json
from base64 import b64decode
from typing import Any

from redis import Redis


def taken(broker: Redis, queue: str) -> list[Any]:
    """Return the arguments of the tasks in `queue`, which then is empty, in the order they were sent."""
    told = []
    while message := broker.rpop(queue):
        told.append(json.loads(b64decode(json.loads(str(message))["body"]))[0])
    return told
