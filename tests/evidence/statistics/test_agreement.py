import numpy as np
import pytest
import torch
from scipy.ndimage import uniform_filter
from torchmetrics.functional.image import structural_similarity_index_measure

from evidence.statistics.agreement import agreement, coverage, likeness, pearson, repeatability


def test_agreement_is_what_numpy_and_hand_make_of_it() -> None:
    random = np.random.default_rng(0)
    truth = random.normal(0.8, 0.15, 300)
    answer = 0.9 * truth + 0.1 + random.normal(0, 0.05, 300)
    found = agreement(truth, answer, list(range(300)), draws=200)
    off = answer - truth
    assert found["r"]["value"] == pytest.approx(np.corrcoef(truth, answer)[0, 1])
    assert found["rmse"]["value"] == pytest.approx(np.sqrt((off**2).mean()))
    assert found["bias"]["value"] == pytest.approx(off.mean())
    assert found["limits"]["value"] == pytest.approx(1.96 * off.std())
    assert found["slope"]["value"] == pytest.approx(np.polyfit(truth, answer, 1)[0])
    assert found["r"]["low"] < found["r"]["value"] < found["r"]["high"]


def test_unknown_truths_do_not_count_and_none_at_all_is_said() -> None:
    truth = np.array([0.5, np.nan, 0.9])
    assert agreement(truth, np.array([0.5, 0.1, 0.9]), ["a", "b", "c"], draws=10)["limbs"] == 2
    assert agreement(np.full(2, np.nan), np.ones(2), ["a", "b"]) == {"limbs": 0}


def test_repeatability_of_two_measurements_is_the_textbooks() -> None:
    measured = np.array([[1.0, 1.1], [0.5, 0.5], [0.8, 0.76]])
    found = repeatability(measured, draws=50)
    deviation = np.array([0.1, 0.0, 0.04]) / np.sqrt(2)
    mean = np.array([1.05, 0.5, 0.78])
    assert found["cv_percent"]["value"] == pytest.approx(100 * np.sqrt(((deviation / mean) ** 2).mean()))
    assert found["least_significant_change"]["value"] == pytest.approx(2.77 * np.sqrt((deviation**2).mean()))


def test_likeness_is_one_for_the_same_map_and_falls_with_noise() -> None:
    truth = np.random.default_rng(0).random((40, 40))
    assert likeness(truth, truth) == pytest.approx(1)
    slight, strong = (truth + np.random.default_rng(1).normal(0, size, truth.shape) for size in (0.05, 0.5))
    assert 1 > likeness(slight, truth) > likeness(strong, truth)
    assert pearson(truth.ravel(), 2 * truth.ravel() + 3) == pytest.approx(1)


def test_coverage_counts_the_ends_as_inside() -> None:
    truth = np.array([1.0, 2.0, 3.0, 4.0])
    assert coverage(truth, truth, truth + 1, list("abcd"))["value"] == 1
    assert coverage(truth, truth + 0.1, truth + 1, list("abcd"))["value"] == 0


@pytest.mark.parametrize("seed", range(4))
def test_likeness_is_the_structural_similarity_of_torchmetrics(seed: int) -> None:
    """With windows of one weight that lie wholly on the map. Theirs divides variances by 49, ours by 48 as a sample's
    are, which is the same as their second constant over 49/48."""
    random = np.random.default_rng(seed)
    truth = uniform_filter(random.random((64, 56)), 5)
    drawn = truth + random.normal(0, 0.03, truth.shape)
    a, b = (torch.from_numpy(one)[None, None] for one in (drawn, truth))
    reach = float(truth.max() - truth.min())
    _, theirs = structural_similarity_index_measure(
        a, b, gaussian_kernel=False, kernel_size=7, data_range=reach, k2=0.03 * (48 / 49) ** 0.5, return_full_image=True
    )
    assert likeness(drawn, truth) == pytest.approx(theirs[..., 3:-3, 3:-3].mean().item(), abs=1e-9)
