"""An event loop whose clock only moves when everything waits: hours of a show in seconds, always the same way."""

import asyncio
import time
from collections.abc import Callable, Coroutine, Iterator
from contextlib import contextmanager
from typing import Any, TypeVar

R = TypeVar("R")


class VirtualLoop(asyncio.SelectorEventLoop):
    """``time()`` begins at 0 and jumps to the next timer when nothing is ready.

    With ``speed`` it is paced by the wall clock: so many virtual seconds in one real one. While work outside is awaited
    (see ``outside``), virtual time goes on as real time does, for nobody knows when that work will be done.
    """

    def __init__(self, speed: float = 0.0) -> None:
        """``speed`` 0 is as fast as the machine can."""
        super().__init__()
        self.now = 0.0
        self._speed, self._outside = speed, 0
        self._began = time.perf_counter()  # the moment of the wall clock that virtual 0 would have had
        self._really_select = self._selector.select  # type: ignore[attr-defined]
        self._selector.select = self._select  # type: ignore[attr-defined]

    def time(self) -> float:
        return self.now

    @contextmanager
    def outside(self) -> Iterator[None]:
        """Within it something is awaited that is not of this loop: a server, a process, a thread."""
        self._outside += 1
        try:
            yield
        finally:
            self._outside -= 1

    def run_in_executor(self, executor: Any, func: Callable[..., R], *args: Any) -> "asyncio.Future[R]":  # type: ignore[override]
        """In a thread, which is outside."""
        self._outside += 1
        future = super().run_in_executor(executor, func, *args)
        future.add_done_callback(lambda _: self._back())
        return future

    async def shutdown_default_executor(self) -> None:
        """Wait for the threads, which are outside."""
        with self.outside():
            await super().shutdown_default_executor()

    def _back(self) -> None:
        self._outside -= 1

    def _select(self, timeout: float | None = None) -> Any:
        if timeout == 0:
            return self._really_select(0)
        if self._outside:
            return self._wait(timeout)
        if timeout is None:
            raise RuntimeError("no task will ever go on: each waits for another")
        return self._pace(timeout) if self._speed else self._jump(timeout)

    def _jump(self, timeout: float) -> Any:
        self.now += timeout
        return self._really_select(0)

    def _wait(self, timeout: float | None) -> Any:
        began = time.perf_counter()
        events = self._really_select(timeout)
        took = time.perf_counter() - began
        self.now += took if timeout is None else min(took, timeout) if events else timeout
        self._began += took - took / (self._speed or 1.0)  # the pace is kept from here on, not caught up with
        return events

    def _pace(self, timeout: float) -> Any:
        """Sleep until the wall clock says so; a signal may come before."""
        due = self._began + (self.now + timeout) / self._speed
        events = self._really_select(max(0.0, due - time.perf_counter()))
        passed = (time.perf_counter() - self._began) * self._speed - self.now
        self.now += min(timeout, max(0.0, passed)) if events else timeout
        return events


def run(main: Callable[[VirtualLoop], Coroutine[Any, Any, R]], *, speed: float = 0.0) -> R:
    """Run ``main(loop)`` to its end in virtual time. Ctrl+C cancels it, and it is awaited, as asyncio.run does."""
    with asyncio.Runner(loop_factory=lambda: VirtualLoop(speed)) as runner:
        loop = runner.get_loop()
        assert isinstance(loop, VirtualLoop)
        return runner.run(main(loop))
