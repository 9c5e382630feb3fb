"""Overlap of outlines against MONAI's metrics and values worked by hand."""

import time

import numpy as np
import pytest
import torch
from monai.metrics import compute_average_surface_distance, compute_dice, compute_hausdorff_distance, compute_iou

from evidence.statistics.overlap import Overlap, overlap, summary


def blob(seed: int, size: tuple[int, int] = (96, 80)) -> np.ndarray:
    """An ellipse somewhere on the film."""
    random = np.random.default_rng(seed)
    row, column = np.indices(size)
    middle = np.array(size) / 2 + random.normal(0, 5, 2)
    radii = random.uniform(12, 30, 2)
    return ((row - middle[0]) / radii[0]) ** 2 + ((column - middle[1]) / radii[1]) ** 2 <= 1


@pytest.mark.parametrize("seed", range(6))
def test_figures_are_those_of_monai(seed: int) -> None:
    truth, found, spacing = blob(seed), blob(seed + 100), (0.7, 1.3)
    ours = overlap(truth, found, spacing)
    a, b = (torch.from_numpy(mask)[None, None] for mask in (found, truth))
    assert ours.iou == pytest.approx(compute_iou(a, b).item(), abs=1e-6)
    assert ours.dice == pytest.approx(compute_dice(a, b).item(), abs=1e-6)
    far = compute_hausdorff_distance(a, b, include_background=True, percentile=95, spacing=spacing)
    assert ours.boundary_95_mm == pytest.approx(far.item(), abs=1e-4)
    mean = compute_average_surface_distance(a, b, include_background=True, symmetric=True, spacing=spacing)
    assert ours.boundary_mm == pytest.approx(mean.item(), abs=1e-4)


def test_a_shifted_square_worked_by_hand() -> None:
    truth, found = np.zeros((40, 40), bool), np.zeros((40, 40), bool)
    truth[10:20, 10:20] = True
    found[10:20, 13:23] = True  # three columns of 2 mm aside
    figures = overlap(truth, found, (1.0, 2.0))
    assert figures.iou == pytest.approx(70 / 130)
    assert figures.dice == pytest.approx(140 / 200)
    assert figures.boundary_95_mm == 6.0


def test_equal_masks_lie_on_one_another() -> None:
    mask = blob(1)
    assert overlap(mask, mask, (0.2, 0.2)) == Overlap(1.0, 1.0, 0.0, 0.0)


def test_distances_grow_with_spacing_and_overlap_does_not() -> None:
    near, far = (overlap(blob(2), blob(3), (step, step)) for step in (0.1, 0.3))
    assert far.iou == near.iou
    assert far.boundary_mm == pytest.approx(3 * near.boundary_mm)
    assert far.boundary_95_mm == pytest.approx(3 * near.boundary_95_mm)


def test_what_masks_do_not_define_is_not_made_up() -> None:
    nothing, mask = np.zeros((20, 20), bool), blob(1, (20, 20))
    assert np.isnan(overlap(nothing, nothing, (1, 1)).iou)
    missed = overlap(mask, nothing, (1, 1))
    assert missed.iou == missed.dice == 0
    assert np.isnan(missed.boundary_mm)
    assert np.isnan(overlap(mask, mask, None).boundary_mm)
    with pytest.raises(ValueError, match="expected one size"):
        overlap(mask, np.zeros((20, 21), bool), None)


def test_a_summary_counts_misses_and_leaves_out_what_is_not_defined() -> None:
    nan = float("nan")
    each = [Overlap(0.8, 0.9, 1.0, 2.0), Overlap(0.6, 0.7, 3.0, 4.0), None, Overlap(nan, nan, nan, nan)]
    neck = summary({"neck": each}, [1, 2, 3, 4], draws=200)["neck"]
    assert neck["films"] == 3
    assert neck["iou"]["value"] == pytest.approx(1.4 / 3)
    assert neck["boundary_mm"]["value"] == pytest.approx(2.0)
    assert neck["found"]["value"] == pytest.approx(2 / 3)
    assert neck["iou"]["low"] < neck["iou"]["value"] < neck["iou"]["high"]
    with pytest.raises(ValueError, match=r"expected one for each of 4 films"):
        summary({"neck": each[:2]}, [1, 2, 3, 4])


def test_two_thousand_limbs_are_drawn_a_thousand_times_in_less_than_three_seconds() -> None:
    random = np.random.default_rng(0)
    each = [Overlap(*row) for row in random.random((2000, 4))]
    start = time.process_time()
    summary(dict.fromkeys(("a", "b", "c", "d", "e"), each), [row // 2 for row in range(2000)])
    assert time.process_time() - start < 3
