"""A job done to each of many things by threads, a few at a time, and told in their order."""

from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from typing import TypeVar

Item = TypeVar("Item")
Done = TypeVar("Done")


def in_order(job: Callable[[Item], Done], items: Iterable[Item], at_once: int) -> Iterator[Done]:
    """What the job makes of each item, in their order. Items are taken as they are needed: never more than `at_once`
    are held, so that memory stays as it is however many there are."""
    under_way: deque[Future[Done]] = deque()
    with ThreadPoolExecutor(at_once) as pool:
        for item in items:
            under_way.append(pool.submit(job, item))
            del item  # the pool holds it as long as it must be held
            if len(under_way) >= at_once:
                yield under_way.popleft().result()
        while under_way:
            yield under_way.popleft().result()
