"""A circuit breaker: a server that keeps failing is left alone for a while, then tried once.

closed → (failures in a row) → open → (time) → half-open: one trial is let through, and closes or opens it again.
"""

import time
from collections.abc import Callable
from typing import Literal

import structlog

log = structlog.get_logger()

FAILURES_TO_OPEN, OPEN_S = 3, 30.0
State = Literal["closed", "open", "half-open"]


class Breaker:
    """Counts what it is told; who asks a server calls ``allows`` first, then ``success``, ``failure`` or ``given_up``."""

    def __init__(
        self, clock: Callable[[], float] = time.monotonic, *, failures: int = FAILURES_TO_OPEN, open_s: float = OPEN_S
    ) -> None:
        self._clock, self._limit, self._open_s = clock, failures, open_s
        self._failures, self._opened, self._trial = 0, 0.0, False

    @property
    def state(self) -> State:
        if self._failures < self._limit:
            return "closed"
        return "half-open" if self._clock() - self._opened >= self._open_s else "open"

    def allows(self) -> bool:
        """Whether the server may be asked now. When half-open, True once until the outcome is told."""
        if self.state == "closed":
            return True
        if self.state == "open" or self._trial:
            return False
        self._trial = True
        log.info("llm.breaker_trial")
        return True

    def success(self) -> None:
        """The server has answered."""
        if self._failures >= self._limit:
            log.info("llm.breaker_closed")
        self._failures, self._trial = 0, False

    def failure(self) -> None:
        """The server has failed."""
        self._failures += 1
        self._opened, self._trial = self._clock(), False
        if self._failures >= self._limit:
            log.warning("llm.breaker_open", failures=self._failures, seconds=self._open_s)

    def given_up(self) -> None:
        """The caller has stopped waiting: that says nothing about the server."""
        self._trial = False
