"""What an answer is worth before a network has looked."""

import numpy as np
import pytest

from evidence.baselines import out_of_fold


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
