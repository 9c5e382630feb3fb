"""What an answer is worth before a network has looked."""

import numpy as np
import pytest

from evidence.statistics.baselines import both_weightings, out_of_fold


def test_each_film_is_answered_by_those_of_other_folds() -> None:
    values = np.array([[0.0], [0.1], [1.0], [1.1], [0.0], [1.0]])
    labels = np.array([0, 0, 2, 2, 0, 2])
    answers = out_of_fold(values, labels, ["a", "b", "a", "b", "c", "c"], 3)
    assert answers.sum(1) == pytest.approx(1)
    assert answers.argmax(1).tolist() == labels.tolist()
    assert (answers[:, 1] == 0).all()


def test_a_fold_whose_others_are_all_of_one_class_is_answered_by_it() -> None:
    answers = out_of_fold(np.arange(4.0)[:, None], np.array([1, 1, 1, 2]), ["a", "a", "b", "b"], 3)
    assert answers[2:].tolist() == [[0, 1, 0], [0, 1, 0]]
    assert answers[:2].sum(1) == pytest.approx(1)


def test_a_baseline_is_as_good_as_its_features_allow_on_a_rare_class() -> None:
    """Features that tell nothing of a class of one in ten: weighting it alike costs accuracy and Brier score."""
    random = np.random.default_rng(0)
    labels = (np.arange(400) % 10 == 0).astype(int)
    nothing, part = random.normal(size=(400, 3)), (np.arange(400) // 10 % 5).astype(str).tolist()

    def brier(answers: np.ndarray) -> float:
        return float(((answers - np.eye(2)[labels]) ** 2).sum(1).mean())

    plain, weighted = both_weightings("nothing", nothing, labels, part, 2).values()
    assert brier(plain) == pytest.approx(2 * 0.1 * 0.9, abs=0.01)  # what the prevalence alone is worth
    assert (plain.argmax(1) == labels).mean() == pytest.approx(0.9, abs=0.01)
    assert brier(weighted) > 0.4
    assert np.array_equal(out_of_fold(nothing, labels, part, 2), plain)


def test_weighting_classes_alike_serves_balanced_accuracy() -> None:
    random = np.random.default_rng(1)
    labels = (np.arange(600) % 10 == 0).astype(int)
    features = random.normal(size=(600, 1)) + labels[:, None]
    plain, weighted = both_weightings(
        "one", features, labels, (np.arange(600) // 10 % 5).astype(str).tolist(), 2
    ).values()

    def balanced_accuracy(answers: np.ndarray) -> float:
        return float(np.mean([(answers.argmax(1)[labels == one] == one).mean() for one in (0, 1)]))

    assert balanced_accuracy(weighted) > balanced_accuracy(plain) + 0.1
