"""Films opened in processes of their own, ahead of whoever reads them."""

import logging
import signal
from collections import deque
from collections.abc import Iterator, Sequence
from concurrent.futures import Future, ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from multiprocessing import get_context
from pathlib import Path

import cv2

from core.clinical import Clinical
from core.reading import Reading
from core.refusal import Notice, NoticeCode
from core.system.worker import end_with_parent
from imaging.opening import Opened, open_file

log = logging.getLogger(__name__)

AHEAD = 2  # films a worker that are open, or being opened, before they are asked for
Film = tuple[Path, Clinical | None]


def opened_ahead(films: Sequence[Film], pixel_mm: float | None, workers: int) -> Iterator[Opened]:
    """Every film opened, in their order. A film on which a worker dies, of memory or in a decoder, fails alone."""
    waiting, under_way = deque(films), deque[tuple[Film, Future[Opened]]]()
    pool = _pool(workers)
    try:
        while waiting or under_way:
            while waiting and len(under_way) < AHEAD * workers:
                under_way.append((waiting[0], _begun(pool, waiting[0], pixel_mm)))
                waiting.popleft()
            film, opening = under_way.popleft()
            try:
                opened = opening.result()
            except BrokenProcessPool:  # whose fault it was, nobody says: this film is tried alone, the others again
                pool.shutdown(wait=False, cancel_futures=True)
                waiting.extendleft(one for one, _ in reversed(under_way))
                under_way.clear()
                opened, pool = _alone(film, pixel_mm), _pool(workers)
            yield opened
            del opened, opening  # films are large
    finally:
        pool.shutdown(wait=False, cancel_futures=True)


def _begun(pool: ProcessPoolExecutor, film: Film, pixel_mm: float | None) -> Future[Opened]:
    try:
        return pool.submit(open_file, *film, pixel_mm)
    except BrokenProcessPool as broken:  # found out when its turn comes, like that of the film it broke on
        ended: Future[Opened] = Future()
        ended.set_exception(broken)
        return ended


def _alone(film: Film, pixel_mm: float | None) -> Opened:
    path = str(film[0])
    with _pool(1) as pool:
        try:
            return pool.submit(open_file, *film, pixel_mm).result()
        except BrokenProcessPool:
            log.error("a process died of a film, twice; memory may have run out")
            message = "The process that decoded this film ended, twice; export the film again, or give it more memory."
            return Opened(path, outcome=Reading(path, "failed", warnings=(Notice(NoticeCode.FAULT, message),)))


def _pool(workers: int) -> ProcessPoolExecutor:
    return ProcessPoolExecutor(workers, get_context("spawn"), _begin)


def _begin() -> None:
    """One thread a worker, which leaves Ctrl-C to its parent and ends with it."""
    cv2.setNumThreads(1)
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    end_with_parent()
