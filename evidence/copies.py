"""Which films are copies of one another: resaved, resized, shifted, cropped or mirrored. Found by content.

Public sets of films hold many copies, some under other labels; a split that parts them measures memory, not skill.
Two films are copies when keypoints of one lie, after one similarity transform, on keypoints of the other, and the
pixels there then correlate. On 432 real knee films the correlation of true copies was above 0.8 and of the likeliest
strangers below 0.6 (docs/experiments.md), so the bound between has room on both sides.
"""

import os
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import cached_property

import cv2
import numpy as np
import numpy.typing as npt
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components
from threadpoolctl import threadpool_limits

from core.radiograph import Pixels
from evidence.copy_index import pairs_to_compare

LONG_SIDE = 512  # px; films are compared at this size
KEYPOINTS = 400
RATIO = 0.8  # Lowe, IJCV 2004: nearest neighbour against second nearest
INLIERS = 12  # strangers reach this often, copies always: the correlation then decides
CORRELATION = 0.7
REPROJECTION_PX = 3.0
ALL_PAIRS = 1000  # films up to which every pair is compared; of more, those that the index names
# A film mirrored turns each descriptor's four rows of cells about, and its eight directions with them.
_MIRRORED = np.arange(128).reshape(4, 4, 8)[::-1][:, :, -np.arange(8) % 8].ravel()


@dataclass(frozen=True)
class Copy:
    """Films `first` and `second` (indices) show the same: how alike where they overlap, and the scale between them."""

    first: int
    second: int
    correlation: float
    scale: float
    mirrored: bool


@dataclass(frozen=True, eq=False)
class Sketch:
    """What is kept of a film for comparing: image float32 [h, w] in 0..255, keypoints [N, 2], descriptors [N, 128]."""

    image: npt.NDArray[np.float32]
    points: npt.NDArray[np.float32]
    descriptors: npt.NDArray[np.float32]

    @cached_property
    def mirrored(self) -> "Sketch":
        """Of the same film turned left to right, without looking for keypoints again."""
        turned = np.array([self.image.shape[1] - 1, 0], np.float32) + self.points * np.array([-1, 1], np.float32)
        return Sketch(np.ascontiguousarray(self.image[:, ::-1]), turned, self.descriptors[:, _MIRRORED])

    @staticmethod
    def both(descriptors: npt.NDArray[np.float32]) -> tuple[npt.NDArray[np.float32], npt.NDArray[np.float32]]:
        """Descriptors, and those of the film mirrored."""
        return descriptors, descriptors[:, _MIRRORED]


def sketch(pixels: Pixels) -> Sketch:
    """SIFT keypoints with root descriptors (Arandjelovic and Zisserman, CVPR 2012) of a film [H, W] in 0..1."""
    shrink = LONG_SIDE / max(pixels.shape)
    size = max(8, round(pixels.shape[1] * shrink)), max(8, round(pixels.shape[0] * shrink))
    image = cv2.resize(pixels * 255, size, interpolation=cv2.INTER_AREA).astype(np.float32)
    points, descriptors = cv2.SIFT.create(KEYPOINTS).detectAndCompute(image.astype(np.uint8), None)  # type: ignore[call-overload]
    if descriptors is None:
        return Sketch(image, np.zeros((0, 2), np.float32), np.zeros((0, 128), np.float32))
    roots = np.sqrt(descriptors / (descriptors.sum(1, keepdims=True) + 1e-6))
    return Sketch(image, np.array([point.pt for point in points], np.float32), roots.astype(np.float32))


def find_copies(
    sketches: Sequence[Sketch], progress: Callable[[int, int], None] | None = None, workers: int | None = None
) -> list[Copy]:
    """The pairs of copies among the films, in order. workers: threads that compare, one a core unless told; the answer
    does not depend on them.

    Up to `ALL_PAIRS` films every pair is compared, at 0.8 ms of a core as it is and mirrored. Of more, each film is
    compared with those that an index finds likest (evidence.copy_index), which links copies into the same groups.
    """
    count = len(sketches)
    after: Sequence[Sequence[int]] = [range(first + 1, count) for first in range(count)]
    if count > ALL_PAIRS:
        likest: list[list[int]] = [[] for _ in range(count)]
        for first, second in pairs_to_compare(count, lambda film: Sketch.both(sketches[film].descriptors)):
            likest[first].append(second)
        after = likest
    with threadpool_limits(1), ThreadPoolExecutor(workers or len(os.sched_getaffinity(0))) as pool:
        # One thread a product: many small ones would only wait for one another. NumPy and OpenCV let the others go on.
        found: list[Copy] = []
        looked = pool.map(lambda first: _copies_of(first, after[first], sketches), range(count))
        for done, copies in enumerate(looked, 1):
            found += copies
            if progress is not None:
                progress(done, count)
    return found


def compare(one: Sketch, other: Sketch) -> tuple[float, float, bool] | None:
    """Correlation, scale and whether mirrored, if the two show the same; None for strangers."""
    for mirrored in (False, True):
        match = _match(one, other.mirrored if mirrored else other)
        if match is not None:
            return *match, mirrored
    return None


def _copies_of(first: int, after: Iterable[int], sketches: Sequence[Sketch]) -> list[Copy]:
    matches = ((second, compare(sketches[first], sketches[second])) for second in after)
    return [Copy(first, second, *match) for second, match in matches if match is not None]


def groups(count: int, copies: Sequence[Copy]) -> list[int]:
    """A group number for each of `count` films: copies, and copies of copies, share one."""
    rows, columns = [copy.first for copy in copies], [copy.second for copy in copies]
    graph = coo_array((np.ones(len(copies)), (rows, columns)), shape=(count, count))
    return [int(group) for group in connected_components(graph, directed=False)[1]]


def contradictions(group: Sequence[int], labels: Sequence[str | None]) -> list[int]:
    """Indices of films whose copies carry another label: at least one of those labels is wrong, nobody knows which."""
    seen: dict[int, set[str]] = {}
    for number, label in zip(group, labels, strict=True):
        if label is not None:
            seen.setdefault(number, set()).add(label)
    return [index for index, number in enumerate(group) if len(seen.get(number, ())) > 1]


def _match(one: Sketch, other: Sketch) -> tuple[float, float] | None:
    """Correlation and scale if the two are copies."""
    if len(one.points) < INLIERS or len(other.points) < INLIERS:
        return (1.0, 1.0) if one.image.shape == other.image.shape and np.array_equal(one.image, other.image) else None
    distance = 2 - 2 * one.descriptors @ other.descriptors.T
    rows, nearest = np.arange(len(distance)), distance.argmin(1)
    best = distance[rows, nearest]
    distance[rows, nearest] = np.inf
    second = distance.min(1)
    kept = best < RATIO**2 * second
    if kept.sum() < INLIERS:
        return None
    transform, inliers = cv2.estimateAffinePartial2D(
        one.points[kept], other.points[nearest[kept]], ransacReprojThreshold=REPROJECTION_PX
    )
    if transform is None or inliers.sum() < INLIERS:
        return None
    correlation = _correlation(one.image, other.image, transform)
    return (correlation, float(np.hypot(*transform[0, :2]))) if correlation >= CORRELATION else None


def _correlation(one: npt.NDArray[np.float32], other: npt.NDArray[np.float32], transform: np.ndarray) -> float:
    """Of the local contrast where the films overlap and `other` is not black: shadows count, exposure does not."""
    warped = cv2.warpAffine(one, transform, other.shape[::-1], borderValue=-1)
    inside = cv2.erode((warped >= 0).astype(np.uint8), np.ones((15, 15))).astype(bool) & (other > 25)
    if inside.sum() < 2000:
        return 0.0
    a, b = (_local_contrast(image)[inside] for image in (np.maximum(warped, 0), other))
    return float(np.corrcoef(a, b)[0, 1]) if min(a.std(), b.std()) > 1e-6 else 0.0


def _local_contrast(image: npt.NDArray[np.float32]) -> npt.NDArray[np.float32]:
    rest = np.asarray(image - cv2.GaussianBlur(image, (0, 0), 8), np.float32)
    return np.asarray(rest / np.sqrt(cv2.GaussianBlur(rest * rest, (0, 0), 8) + 20), np.float32)
