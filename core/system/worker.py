"""Processes that work for another."""

import os
from multiprocessing import parent_process
from threading import Thread


def end_with_parent() -> None:
    """A worker whose parent was killed ends too, instead of waiting for work for ever."""
    Thread(target=_wait_for_its_end, daemon=True).start()


def _wait_for_its_end() -> None:
    parent = parent_process()
    if parent is not None:
        parent.join()
        os._exit(1)
