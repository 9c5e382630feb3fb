"""How long copies are sought among many films: descriptors are made up, the cost of a film is measured."""

import time
from functools import cache

import numpy as np
import numpy.typing as npt
from threadpoolctl import threadpool_limits

import simulation
from audit.film import look
from core.settings import ROOT
from evidence.copies import KEYPOINTS, Sketch, compare, sketch
from evidence.copy_index import pairs_to_compare

SHARED = 0.5  # of a planted copy's keypoints that its film has as well
APART, AGAIN = 0.035, 0.012  # spread of a descriptor's values about its place, for a stranger and for a copy
POOL = 48  # virtual films whose keypoints are drawn from
EVERY = 100  # one film in so many is a copy of the one before


def section(count: int) -> list[str]:
    """Lines of Markdown."""
    films = [simulation.simulate("hip_ap", 20, number, size=768, truth=False).pixels for number in range(POOL)]
    began = time.process_time()
    sketches = [sketch(film) for film in films]
    sketched = (time.process_time() - began) / POOL
    began = time.process_time()
    strangers = [compare(sketches[one], sketches[one + 1]) for one in range(POOL - 1)]
    compared = (time.process_time() - began) / (POOL - 1)
    pool = np.concatenate([one.descriptors for one in sketches])

    @cache
    def places(film: int) -> tuple[npt.NDArray[np.intp], int]:
        random = np.random.default_rng([1, film])
        return random.permutation(len(pool))[:KEYPOINTS].copy(), int(random.integers(2**31))

    def descriptors(film: int) -> npt.NDArray[np.float32]:
        drawn, seed = places(film)
        noise = np.random.default_rng([2, seed]).standard_normal((len(drawn), 128), np.float32)
        own = np.maximum(pool[drawn] + np.float32(APART) * noise, 0)
        if film % EVERY == EVERY - 1:
            first = descriptors(film - 1)
            kept = round(SHARED * KEYPOINTS)
            again = np.random.default_rng([3, film]).standard_normal((kept, 128), np.float32)
            own[:kept] = np.maximum(first[:kept] + np.float32(AGAIN) * again, 0)
        return own / np.linalg.norm(own, axis=1, keepdims=True)

    began = time.process_time()
    for film in range(100):
        descriptors(film)
    making = (time.process_time() - began) / 100
    clock, began = time.monotonic(), time.process_time()
    with threadpool_limits(1):
        pairs = pairs_to_compare(count, lambda film: Sketch.both(descriptors(film)))
    wall, used = time.monotonic() - clock, time.process_time() - began - (count + 400) * making
    there = set(pairs)
    planted = [(film - 1, film) for film in range(EVERY - 1, count, EVERY)]
    found = sum(pair in there for pair in planted)
    read = _reading()
    each = read + used / count + len(pairs) / count * compared

    def hours(films: int) -> str:
        return f"{films * each / 3600:.1f}"

    return [
        f"{count:,} films of {KEYPOINTS} keypoints each, made up from those of {POOL} virtual hips; one in {EVERY} is "
        f"a copy that shares {SHARED:.0%} of its keypoints with another, slightly changed. Seconds are of one core.",
        "",
        "| step | measured |",
        "|---|---|",
        f"| the index, all {count:,} films | {used:.0f} s ({wall:.0f} s by the clock, making descriptors included) |",
        f"| pairs it asks to compare | {len(pairs):,} of {count * (count - 1) // 2:,} |",
        f"| planted copies among them | {found} of {len(planted)} |",
        f"| comparing a pair of strangers, as it is and mirrored | {1000 * compared:.1f} ms |",
        f"| reading a film and sketching it ({1000 * sketched:.0f} ms of it sketching) | {1000 * read:.0f} ms |",
        f"| in all, {count:,} films on one core | {hours(count)} h |",
        f"| 100,000 films on one core, each as dear as here | {hours(100_000)} h |",
        "",
        f"Of {len(strangers)} pairs of strangers {sum(one is not None for one in strangers)} were taken for copies. "
        f"All pairs of {count:,} films would take {count * (count - 1) / 2 * compared / 86400:.1f} days of one core. "
        "Real films of one view are more alike than these: 432 knees asked for 751 comparisons "
        "(docs/decisions/copies-are-found-by-content.md).",
    ]


def _reading() -> float:
    """Seconds of one core a film, on the samples that ship."""
    films = sorted((ROOT / "samples").glob("*.*"))
    look(films[0])
    began = time.process_time()
    for film in films:
        look(film)
    return (time.process_time() - began) / len(films)
