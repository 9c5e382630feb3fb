"""Damaged files read one after another in a child process, so that a decoder's crash is a failed test, not the end."""

import multiprocessing
import multiprocessing.connection
import resource
from collections import Counter
from collections.abc import Iterable
from time import perf_counter

from core.radiograph import Radiograph
from core.refusal import Code, Refused
from imaging import read_radiograph

SECONDS, GIGABYTE = 5.0, 1 << 30
FILM = "film"
_SPAWN = multiprocessing.get_context("fork")


def survives(pieces: Iterable[bytes]) -> Counter[str]:
    """How many pieces came out as a film, and how many were refused under which code.

    AssertionError tells of the first piece that ended otherwise, or not within time and memory.
    """
    ours, theirs = _SPAWN.Pipe()
    child = _SPAWN.Process(target=_reads, args=(pieces, theirs))
    child.start()
    theirs.close()
    ended: Counter[str] = Counter()
    fault = None
    try:
        while True:
            outcome, fault = ours.recv()
            if outcome is None:
                break
            ended[outcome] += 1
    except EOFError:
        child.join()
        fault = f"the process ended with {child.exitcode} at piece {ended.total() + 1}"
    child.join()
    assert fault is None, fault
    return ended


def _reads(pieces: Iterable[bytes], tell: multiprocessing.connection.Connection) -> None:
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    for count, piece in enumerate(pieces, 1):
        start = perf_counter()
        try:
            assert isinstance(read_radiograph(piece, "piece"), Radiograph)
            outcome = FILM
        except Refused as refused:
            if refused.refusal.code not in Code or not refused.refusal.message:
                tell.send((None, f"piece {count}: a refusal without code or sentence"))
                return
            outcome = str(refused.refusal.code)
        except BaseException as fault:  # noqa: BLE001 the test is that there is none
            tell.send((None, f"piece {count}: {fault!r}"))
            return
        took = perf_counter() - start
        grown = (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) * 1024
        if took > SECONDS or grown > GIGABYTE:
            tell.send((None, f"piece {count}: {took:.1f} s, {grown >> 20} MiB"))
            return
        tell.send((outcome, None))
    tell.send((None, None))
