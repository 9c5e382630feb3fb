"""The last layer of a network whose other layers stay as they came: a regression on its features."""

import numpy as np
import numpy.typing as npt
import torch
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import GridSearchCV, StratifiedGroupKFold
from sklearn.pipeline import Pipeline, make_pipeline
from sklearn.preprocessing import StandardScaler
from torch import nn

STRICTNESS = np.logspace(-5, 0, 6)
INNER_FOLDS = 4

Array = npt.NDArray[np.floating]


def regression(features: Array, labels: npt.NDArray[np.int64], group: npt.NDArray[np.generic]) -> Pipeline:
    """A regression on features [N, D], each class heard as much as the others, as strict as serves best on folds within
    these rows; rows of one group stay together."""
    model = make_pipeline(StandardScaler(), LogisticRegression(class_weight="balanced", max_iter=1000))
    folds = StratifiedGroupKFold(INNER_FOLDS)
    search = GridSearchCV(model, {"logisticregression__C": STRICTNESS}, scoring="balanced_accuracy", cv=folds)
    search.fit(features, labels, groups=group)
    return search.best_estimator_


@torch.no_grad()
def write_head(head: nn.Linear, told: Pipeline) -> None:
    """Give a last layer the answers of a regression that heard every class; features are scaled within its weights."""
    scaler, model = told[0], told[-1]
    weight, bias = model.coef_ / scaler.scale_, model.intercept_ - model.coef_ @ (scaler.mean_ / scaler.scale_)
    if len(weight) == 1:  # of two classes the second's logit alone is told
        weight, bias = np.concatenate([-weight, weight]) / 2, np.concatenate([-bias, bias]) / 2
    if weight.shape != tuple(head.weight.shape):
        raise ValueError(
            f"the films to learn from show {len(weight)} classes, expected {len(head.weight)}; add films of the others"
        )
    head.weight.copy_(torch.from_numpy(weight))
    head.bias.copy_(torch.from_numpy(bias))
