"""Heads that are regressions, and limbs that answer for their film."""

import numpy as np
import pytest
import torch
from torch import nn

from tasks.classes.head import regression, write_head
from training.folds import by_film


@pytest.mark.parametrize("classes", [2, 3])
def test_a_last_layer_answers_as_the_regression_does(classes: int) -> None:
    random = np.random.default_rng(0)
    labels = np.arange(90) % classes
    features = random.normal(5, 3, (90, 7)) + labels[:, None] * random.normal(size=7)
    told = regression(features, labels, np.arange(90) // 2)
    head = nn.Linear(7, classes).double()
    write_head(head, told)
    answered = head(torch.from_numpy(features)).softmax(1).detach().numpy()
    np.testing.assert_allclose(answered, told.predict_proba(features), atol=1e-6)
    assert (answered.argmax(1) == labels).mean() > 0.6


def test_a_class_that_nobody_taught_is_missed_in_a_sentence() -> None:
    random = np.random.default_rng(0)
    told = regression(random.normal(size=(40, 3)), np.arange(40) % 2, np.arange(40))
    with pytest.raises(ValueError, match="show 2 classes, expected 3"):
        write_head(nn.Linear(3, 3), told)


def test_a_film_is_answered_by_the_mean_of_its_limbs() -> None:
    answers = np.array([[0.9, 0.1], [0.2, 0.8], [0.5, 0.5]])
    first, whole = by_film(answers, ["b", "a", "b"])
    assert first.tolist() == [1, 0]
    np.testing.assert_allclose(whole, [[0.2, 0.8], [0.7, 0.3]])
