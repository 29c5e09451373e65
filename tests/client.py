"""The HTTP API as its users see it."""

import http.client
import json
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode, urlsplit
from uuid import uuid4

TIMEOUT_S = 10.0


@dataclass(frozen=True, slots=True)
class Answer:
    """What a request was answered: `body` is its JSON, None if it has none; `retry_after_s` 0 if not told."""

    status: int
    body: Any
    retry_after_s: int = 0


class Client:
    """Asks the API at `url`, one connection a request."""

    def __init__(self, url: str) -> None:
        self.url = url
        self._address = urlsplit(url).netloc

    def post(self, sound: bytes, name: str = "speech.wav", **fields: str) -> Answer:
        """Post a sound."""
        boundary = uuid4().hex
        head = {"Content-Type": f"multipart/form-data; boundary={boundary}"}
        return self._ask("POST", "/generate_video", _form(boundary, sound, name, fields), head)

    def speak(self, sound: bytes, **fields: str) -> str:
        """Post a sound that must be accepted; return its job's id."""
        answer = self.post(sound, **fields)
        assert answer.status == 200, answer
        return str(answer.body["task_id"])

    def job(self, job_id: str) -> dict[str, Any]:
        """Return the job's record."""
        answer = self._ask("GET", f"/jobs/{job_id}")
        assert answer.status == 200, answer
        return dict(answer.body)

    def get(self, path: str) -> Answer:
        """Return what a GET of `path` is answered."""
        return self._ask("GET", path)

    def is_ready(self) -> bool:
        """Return whether all that a job needs is there; False too where the API does not answer."""
        try:
            return self._ask("GET", "/ready").status == 200
        except (OSError, http.client.HTTPException):
            return False

    def readiness(self) -> dict[str, Any]:
        """Return which parts answer."""
        return dict(self._ask("GET", "/ready").body)

    def is_over(self, job_id: str) -> bool:
        """Return whether the job has come to its end, good or bad; False too while the broker is too busy."""
        answer = self._ask("GET", f"/jobs/{job_id}")
        assert answer.status in (200, 503), answer
        return answer.status == 200 and answer.body["state"] in ("done", "cancelled", "failed", "expired")

    def cancel(self, job_id: str) -> Answer:
        """Cancel the job, whatever its stage."""
        return self._ask("DELETE", f"/jobs/{job_id}")

    def interrupt(self, job_id: str) -> Answer:
        """Cut the job off that is on air."""
        return self._ask("POST", f"/jobs/{job_id}/interrupt")

    def targets(self, channel: str = "main") -> dict[str, dict[str, Any]]:
        """Return where the channel's stream goes, by the targets' ids."""
        told = self._ask("GET", f"/channels/{channel}/targets").body["targets"]
        return {target["id"]: target for target in told}

    def add_target(self, address: str, channel: str = "main") -> str:
        """Have the stream sent to one more address; return its id."""
        head = {"Content-Type": "application/x-www-form-urlencoded"}
        answer = self._ask(
            "POST", f"/channels/{channel}/targets", urlencode({"address": address}).encode(), head
        )
        assert answer.status == 200, answer
        return str(answer.body["id"])

    def remove_target(self, target: str, channel: str = "main") -> None:
        """Have it sent there no more."""
        answer = self._ask("DELETE", f"/channels/{channel}/targets/{target}")
        assert answer.status == 200, answer

    def _ask(self, method: str, path: str, body: bytes = b"", head: dict[str, str] | None = None) -> Answer:
        connection = http.client.HTTPConnection(self._address, timeout=TIMEOUT_S)
        try:
            connection.request(method, path, body or None, head or {})
            answer = connection.getresponse()
            text = answer.read()
        finally:
            connection.close()
        is_json = "json" in answer.headers.get("Content-Type", "")
        retry_after_s = int(answer.headers.get("Retry-After", "0"))
        return Answer(answer.status, json.loads(text) if is_json else None, retry_after_s)


def _form(boundary: str, sound: bytes, name: str, fields: dict[str, str]) -> bytes:
    parts = [
        f'--{boundary}\r\nContent-Disposition: form-data; name="{k}"\r\n\r\n{v}\r\n'
        for k, v in fields.items()
    ]
    file = f'--{boundary}\r\nContent-Disposition: form-data; name="audio_file"; filename="{name}"\r\n\r\n'
    return "".join([*parts, file]).encode() + sound + f"\r\n--{boundary}--\r\n".encode()
