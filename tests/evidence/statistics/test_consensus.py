"""One outline from several readers' outlines."""

import numpy as np
import pytest

from evidence.statistics.consensus import consensus


def disc(x: float, y: float, radius: float, size: int = 160) -> np.ndarray:
    rows, columns = np.mgrid[:size, :size]
    return (columns - x) ** 2 + (rows - y) ** 2 < radius**2


def dice(one: np.ndarray, other: np.ndarray) -> float:
    return 2 * (one & other).sum() / (one.sum() + other.sum())


def staple(masks: list[np.ndarray], steps: int = 200) -> np.ndarray:
    """Expectation and maximisation as in Warfield, Zou and Wells, IEEE TMI 2004, equations 14 to 19."""
    said = np.stack([mask.ravel() for mask in masks])
    prior, sensitivity, specificity = said.mean(), np.full(len(masks), 0.99), np.full(len(masks), 0.99)
    for _ in range(steps):
        yes = np.prod(np.where(said, sensitivity[:, None], 1 - sensitivity[:, None]), axis=0) * prior
        no = np.prod(np.where(said, 1 - specificity[:, None], specificity[:, None]), axis=0) * (1 - prior)
        weight = yes / (yes + no)
        sensitivity = (said * weight).sum(1) / weight.sum()
        specificity = (~said * (1 - weight)).sum(1) / (1 - weight).sum()
    return weight.reshape(masks[0].shape)


def test_two_against_one_go_by_staple() -> None:
    masks = [disc(70, 80, 40), disc(74, 80, 40), disc(95, 70, 48)]
    np.testing.assert_array_equal(consensus(masks), staple(masks) > 0.5)
    assert dice(consensus(masks), masks[0] | masks[1]) > dice(consensus(masks), masks[2])


def test_between_two_readers_the_outline_runs_half_way() -> None:
    joint = consensus([disc(80, 80, 30), disc(80, 80, 42)])
    assert dice(joint, disc(80, 80, 36)) > 0.985
    side_by_side = consensus([disc(76, 80, 40), disc(84, 80, 40)])
    assert dice(side_by_side, disc(80, 80, 40)) > 0.97


@pytest.mark.parametrize("count", [1, 2, 3])
def test_readers_who_agree_get_their_own_outline_back(count: int) -> None:
    mask = disc(10, 12, 15)  # cut off by the film's edge
    np.testing.assert_array_equal(consensus([mask] * count), mask)


def test_masks_of_nothing_stay_empty_and_odd_sizes_are_refused() -> None:
    nothing = np.zeros((9, 7), bool)
    assert not consensus([nothing, nothing]).any()
    with pytest.raises(ValueError, match="7 x 9, 9 x 7, expected masks of one size"):
        consensus([nothing, nothing.T])
