"""An event loop whose clock only moves when everything waits: hours of a show in seconds, always the same way."""

import asyncio
from collections.abc import Callable, Coroutine
from typing import Any, ParamSpec, TypeVar

P = ParamSpec("P")
R = TypeVar("R")


class VirtualLoop(asyncio.SelectorEventLoop):
    """``time()`` jumps to the next timer when nothing is ready. No threads, no sockets."""

    def __init__(self) -> None:
        super().__init__()
        self.now = 0.0
        select = self._selector.select  # type: ignore[attr-defined]

        def jump(timeout: float | None = None) -> Any:
            if timeout:
                self.now += timeout
            assert timeout is not None, "nothing will ever happen: a deadlock"
            return select(0)

        self._selector.select = jump  # type: ignore[attr-defined]

    def time(self) -> float:
        return self.now


class Inline:
    """A Worker without a thread."""

    async def run(self, job: Callable[P, R], *args: P.args, **kwargs: P.kwargs) -> R:
        await asyncio.sleep(0)
        return job(*args, **kwargs)


def run(main: Callable[[VirtualLoop], Coroutine[Any, Any, R]]) -> R:
    """Run ``main(loop)`` to its end in virtual time."""
    loop = VirtualLoop()
    try:
        return loop.run_until_complete(main(loop))
    finally:
        loop.close()
