"""One thread that owns something which must not be shared: the device of the renderer, a voice, an index."""

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import ParamSpec, TypeVar

P = ParamSpec("P")
R = TypeVar("R")


class Worker:
    """Runs jobs in order on one thread; asyncio callers await them."""

    def __init__(self, name: str = "render") -> None:
        self._pool = ThreadPoolExecutor(max_workers=1, thread_name_prefix=name)

    async def run(self, job: Callable[P, R], *args: P.args, **kwargs: P.kwargs) -> R:
        """Await ``job(*args, **kwargs)`` in the thread; its exception is raised here."""
        loop = asyncio.get_running_loop()
        return await loop.run_in_executor(self._pool, lambda: job(*args, **kwargs))

    def close(self) -> None:
        """Stop after the running job."""
        self._pool.shutdown(wait=True, cancel_futures=True)


class Inline(Worker):
    """A Worker without a thread: its jobs block the loop, and take no time where the clock is a virtual one."""

    def __init__(self) -> None:
        pass

    async def run(self, job: Callable[P, R], *args: P.args, **kwargs: P.kwargs) -> R:
        await asyncio.sleep(0)  # as with a thread, others may go on first
        return job(*args, **kwargs)

    def close(self) -> None:
        """Nothing is left running."""
