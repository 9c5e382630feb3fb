"""One job done to each of many films, in several processes or in this one."""

from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from typing import TypeVar

from simulation.write import begin_worker

Item = TypeVar("Item")
Done = TypeVar("Done")


def each(job: Callable[[Item], Done], items: Sequence[Item], workers: int, chunk: int = 8) -> Iterator[Done]:
    """What the job makes of each item, in their order. One worker is this process: another would only have to start."""
    if workers <= 1:
        yield from map(job, items)
        return
    with ProcessPoolExecutor(workers, get_context("spawn"), begin_worker) as pool:
        yield from pool.map(job, items, chunksize=chunk)
