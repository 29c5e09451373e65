"""Says once that a server fails and once that it is back, however often it is asked meanwhile."""

import logging


class Outage:
    """One server's trouble, as one thread sees it."""

    def __init__(self, log: logging.Logger, what: str) -> None:
        """`what` names who fails, and what stands still meanwhile."""
        self._log, self._what, self._failing = log, what, False

    def began(self, error: Exception) -> None:
        """Note a failed call."""
        if not self._failing:
            self._log.warning("%s failed, and is tried again: %s", self._what, error)
        self._failing = True

    def ended(self) -> None:
        """Note a call that worked."""
        if self._failing:
            self._log.info("%s works again", self._what)
        self._failing = False
