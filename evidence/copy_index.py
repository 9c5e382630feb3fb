"""Which pairs of films are worth comparing, of many: those that share rare words.

A keypoint's descriptor is turned into a word, by the nearest of `HALF` centres for either half of it (the inverted
multi-index of Babenko and Lempitsky, CVPR 2012); films are then searched as texts are, by the words they share, each
weighed by how few films have it (Sivic and Zisserman, ICCV 2003). Keypoints are local, so crops are found as well. No
film is compared with every other: 100,000 films ask for less than a million comparisons, not five thousand million.
"""

from collections.abc import Callable, Iterator

import numpy as np
import numpy.typing as npt
from scipy.sparse import csr_array

HALF = 256  # centres for half a descriptor: 65,536 words
NEAR = 5  # films that each film is compared with, as it is; and as many mirrored
LEAST = 0.08  # of the weight of words that two films share, 0 to 1; of 432 knees, two of a group shared 0.12 or more
SAMPLE = 60_000  # descriptors from which the centres are learned
OFTEN = 300  # films that share a word, from which on it tells little
_BLOCK = 512  # films searched for at a time

Descriptors = npt.NDArray[np.floating]
Tell = Callable[[int, int], None]


class CopyIndex:
    """Words of films, searched by what they share. centres: two arrays [HALF, 64]."""

    def __init__(self, sample: Descriptors, seed: int = 0) -> None:
        """sample: descriptors [N, 128] of some of the films."""
        from sklearn.cluster import MiniBatchKMeans  # half a second to load

        drawn = np.random.default_rng(seed).permutation(len(sample))[:SAMPLE]
        centres = min(HALF, len(drawn))
        self.centres = [
            MiniBatchKMeans(centres, batch_size=4096, n_init=1, max_iter=30, random_state=seed)
            .fit(np.asarray(half, np.float32)[drawn])
            .cluster_centers_.astype(np.float32)
            for half in np.split(sample, 2, axis=1)
        ]

    def words(self, descriptors: Descriptors) -> npt.NDArray[np.int32]:
        """The distinct words of a film's descriptors [N, 128], in order."""
        near = [
            (np.square(centres).sum(1) - 2 * half @ centres.T).argmin(1)
            for half, centres in zip(
                np.split(np.asarray(descriptors, np.float32), 2, axis=1), self.centres, strict=True
            )
        ]
        return np.unique(near[0] * HALF + near[1]).astype(np.int32)


def pairs_to_compare(
    count: int,
    descriptors_of: Callable[[int], tuple[Descriptors, Descriptors]],
    near: int = NEAR,
    tell: Tell = lambda done, of: None,
) -> list[tuple[int, int]]:
    """Pairs of `count` films (first < second) that may be copies, in order. Copies of which a film has more than `near`
    are still linked through one another.

    descriptors_of: a film's descriptors [N, 128], and those of the film mirrored.
    """
    if count < 2:
        return []
    few = np.random.default_rng(0).permutation(count)[:400]
    sample = np.concatenate([descriptors_of(int(film))[0] for film in few])
    if len(sample) < 2:
        return []
    index = CopyIndex(sample)
    plain, mirrored = [], []
    for film in range(count):
        as_it_is, turned = descriptors_of(film)
        plain.append(index.words(as_it_is))
        mirrored.append(index.words(turned))
        tell(film + 1, 2 * count)
    return sorted(set(_likest(plain, mirrored, near, tell)))


def _likest(
    plain: list[npt.NDArray[np.int32]], mirrored: list[npt.NDArray[np.int32]], near: int, tell: Tell
) -> Iterator[tuple[int, int]]:
    count = len(plain)
    there = _table(plain)
    films = np.bincount(there.indices, minlength=HALF * HALF)
    rare = (films > 0) & (films <= max(20, min(OFTEN, count / 20)))
    weight = np.where(rare, np.log(count / np.maximum(films, 1)), 0).astype(np.float32)
    library = _weighed(there, weight)
    queries = [_weighed(_table(mirrored), weight), library]
    columns = library.T.tocsr()
    for start in range(0, count, _BLOCK):
        rows = range(start, min(start + _BLOCK, count))
        for query in queries:
            found = (query[rows.start : rows.stop] @ columns).tocsr()
            for row in rows:
                part = slice(found.indptr[row - start], found.indptr[row - start + 1])
                others, shared = found.indices[part], found.data[part]
                alike = (others != row) & (shared >= LEAST)
                others, shared = others[alike], shared[alike]
                for place in np.argsort(-shared, kind="stable")[:near]:
                    first, second = sorted((row, int(others[place])))
                    yield first, second
        tell(count + rows.stop, 2 * count)


def _table(words: list[npt.NDArray[np.int32]]) -> csr_array:
    """Films by words: 1 where a film has one."""
    ends = np.concatenate([[0], np.cumsum([len(one) for one in words])])
    flat = np.concatenate(words)
    return csr_array((np.ones(len(flat), np.float32), flat, ends), shape=(len(words), HALF * HALF))


def _weighed(table: csr_array, weight: npt.NDArray[np.float32]) -> csr_array:
    """Rows of length 1, of words that tell something."""
    data = table.data * weight[table.indices]
    counts = np.diff(table.indptr)
    length = np.sqrt(np.add.reduceat(np.append(data * data, 0), table.indptr[:-1]) * (counts > 0))
    data = data / np.repeat(np.maximum(length, 1e-6), counts)
    weighed = csr_array((data.astype(np.float32), table.indices, table.indptr), shape=table.shape)
    weighed.eliminate_zeros()
    return weighed
