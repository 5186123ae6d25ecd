"""One thread: jobs in order, errors where they are awaited."""

import threading

import pytest

from renderer.worker import Worker


async def test_jobs_run_in_order_on_one_thread_and_errors_come_back() -> None:
    worker, order, threads = Worker("w"), list[int](), set[str]()

    def job(number: int) -> int:
        order.append(number)
        threads.add(threading.current_thread().name)
        if number == 3:
            raise ValueError("three")
        return number

    assert [await worker.run(job, n) for n in range(3)] == [0, 1, 2]
    with pytest.raises(ValueError, match="three"):
        await worker.run(job, 3)
    assert await worker.run(job, number=4) == 4
    worker.close()
    assert order == [0, 1, 2, 3, 4] and threads == {"w_0"}
    with pytest.raises(RuntimeError):
        await worker.run(job, 5)
