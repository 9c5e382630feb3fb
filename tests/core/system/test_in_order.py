"""Threads tell in order, and take no more than they can hold."""

from collections.abc import Iterator
from time import sleep

from core.system.in_order import in_order


def test_the_order_is_that_of_the_items_whoever_is_done_first() -> None:
    assert list(in_order(lambda one: (sleep(0.02 * (one % 3 == 0)), one)[1], range(10), 3)) == list(range(10))


def test_no_more_are_taken_than_are_under_way() -> None:
    taken = []

    def items() -> Iterator[int]:
        for one in range(20):
            taken.append(one)
            yield one

    for done in in_order(str, items(), 4):
        assert len(taken) - int(done) <= 4
