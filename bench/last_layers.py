"""The last layers of hip_vit's networks, and how they learn from a few answers while the backbones stay as they are."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt
from scipy.optimize import minimize
from scipy.special import log_softmax, softmax

from bench.virtual_hips import CLASSIFIER
from core.settings import settings
from evidence.statistics.pooling import pooled
from models import registry
from models.classifier import Classifier
from recipes import by_name

Array = npt.NDArray[np.floating]
Numbers = npt.NDArray[np.int64]

PULLS = (1.0, 10.0, 100.0)  # strengths of the pull to the weights that ship; the best on folds of the answers is taken
FOLDS = 3


@dataclass(frozen=True, eq=False)
class Head:
    """A last layer: weight [K, D], bias [K], and the temperature its logits are divided by."""

    weight: Array
    bias: Array
    temperature: float

    def probabilities(self, features: Array) -> Array:
        """[N, K] of features [N, D]."""
        return np.asarray(softmax((features @ self.weight.T + self.bias) / self.temperature, axis=1))


def shipped() -> tuple[dict[str, Head], list[float | None]]:
    """The heads of hip_vit as it ships, by network, and the networks' ensemble weights."""
    bundle = registry.bundle(by_name(CLASSIFIER).bundle or "", settings().weights)
    nodes = bundle.ensemble("classes").nodes
    heads = {}
    for node in nodes:
        assert isinstance(node.weights, Classifier)
        last = node.weights.head
        weight, bias = (values.detach().float().numpy().astype(float) for values in (last.weight, last.bias))
        heads[node.name] = Head(weight, bias, float(node.facts["temperature"]))
    return heads, [node.facts.get("weight") for node in nodes]


def taught(head: Head, features: Array, truth: Numbers, pull: float) -> Head:
    """The head after learning from features [N, D] and classes [N]: cross-entropy at its temperature, and the squared
    change of each weight times its feature's variance, so that no feature is let go for its scale. Convex."""
    spread = features.std(0) + 1e-6
    # The best change lies in the span of the films (a fifth of the features at most): solved there, it is the same.
    basis = np.linalg.qr((features / spread).T)[0]
    seen, before = features / spread @ basis, features @ head.weight.T + head.bias
    rows, (classes, width) = np.arange(len(truth)), (len(head.bias), basis.shape[1])

    def loss(flat: Array) -> tuple[float, Array]:
        change = flat.reshape(classes, width + 1)
        logs = log_softmax((before + seen @ change[:, :-1].T + change[:, -1]) / head.temperature, axis=1)
        slope = np.exp(logs)
        slope[rows, truth] -= 1
        slope /= len(truth) * head.temperature
        gradient = np.concatenate([slope.T @ seen, slope.sum(0)[:, None]], axis=1) + 2 * pull * change
        return float(-logs[rows, truth].mean() + pull * (change**2).sum()), gradient.ravel()

    start = np.zeros(classes * (width + 1))
    found = minimize(loss, start, jac=True, method="L-BFGS-B", options={"maxiter": 100, "ftol": 1e-6}).x
    change = found.reshape(classes, width + 1)
    return replace(head, weight=head.weight + change[:, :-1] @ basis.T / spread, bias=head.bias + change[:, -1])


def teach(heads: Mapping[str, Head], of: Mapping[str, Array], truth: Numbers, film: Numbers) -> dict[str, Head]:
    """Every network's head, with the pull that serves best on folds of the answers by film, and so is never tuned on
    the test hips."""
    fold = np.unique(film, return_inverse=True)[1] % FOLDS
    new = {}
    for name, head in heads.items():
        features = of[name].astype(float)

        def held_out(pull: float, head: Head = head, features: Array = features) -> float:
            losses = []
            for number in range(FOLDS):
                inside = fold != number
                if inside.all() or not inside.any():
                    continue
                told = taught(head, features[inside], truth[inside], pull).probabilities(features[~inside])
                losses += list(-np.log(told[np.arange(len(told)), truth[~inside]] + 1e-9))
            return float(np.mean(losses))

        new[name] = taught(head, features, truth, min(PULLS, key=held_out))
    return new


def answers(heads: Mapping[str, Head], voices: Sequence[float | None], of: Mapping[str, Array]) -> Array:
    """The ensemble's probabilities [N, K]."""
    return pooled([head.probabilities(of[name].astype(float)) for name, head in heads.items()], voices)
