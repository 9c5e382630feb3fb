"""Probabilities that mean what they say, and sets that hold the truth as often as they promise."""

import numpy as np
import numpy.typing as npt
from scipy.special import log_softmax, softmax

Array = npt.NDArray[np.floating]


def fit_temperature(logits: Array, labels: npt.NDArray[np.integer]) -> float:
    """The one temperature that makes logits [N, K] likeliest (Guo et al., ICML 2017). On held-out films only."""
    from scipy.optimize import minimize_scalar  # fitting alone needs it; a reading begins without

    rows = np.arange(len(labels))

    def loss(log_temperature: float) -> float:
        return -float(log_softmax(logits / np.exp(log_temperature), axis=1)[rows, labels].mean())

    return float(np.exp(minimize_scalar(loss, bounds=(-2, 4), method="bounded").x))


def fit_temperature_and_bias(logits: Array, labels: npt.NDArray[np.integer], prior: float = 0.0) -> tuple[float, Array]:
    """The temperature, and for each class what is added to its logits [K] before it, that make logits [N, K] likeliest
    (bias-corrected temperature scaling, Alexandari et al., ICML 2020): a class named too often is named less. On
    held-out films only, and enough of them.

    prior: how strongly both are held to no change, as so many films would that show none (a normal prior on the bias
    and on the temperature's logarithm); for films of which there are few.
    """
    from scipy.optimize import minimize

    rows, classes = np.arange(len(labels)), logits.shape[1]

    def loss(values: Array) -> float:
        scaled = (logits + values[1:]) / np.exp(values[0])
        held = prior * float((values**2).sum()) / (2 * len(labels))
        return held - float(log_softmax(scaled, axis=1)[rows, labels].mean())

    found = minimize(loss, np.zeros(classes + 1), method="L-BFGS-B", bounds=[(-2, 4)] + [(-10, 10)] * classes).x
    return float(np.exp(found[0])), found[1:] - found[1:].mean()


def calibrated(logits: Array, temperature: float) -> Array:
    """Probabilities [..., K] of logits at a temperature."""
    return np.asarray(softmax(np.asarray(logits, np.float64) / temperature, axis=-1))


def conformal_quantile(probabilities: Array, labels: npt.NDArray[np.integer], coverage: float) -> float:
    """Score bound of the split conformal set: 1 - p(truth) stays below it for `coverage` of exchangeable films.

    Least ambiguous sets with the finite-sample correction (Sadinle et al., JASA 2019; Angelopoulos and Bates 2023).
    With too few films for the coverage asked for, 1.0: the set then holds every class.
    """
    scores = np.sort(1 - probabilities[np.arange(len(labels)), labels])
    rank = int(np.ceil((len(scores) + 1) * coverage))
    return float(scores[rank - 1]) if rank <= len(scores) else 1.0


def conformal_set(probabilities: dict[str, float], quantile: float) -> tuple[str, ...]:
    """The classes that cannot be ruled out, likeliest first; never empty."""
    ranked = sorted(probabilities, key=lambda label: -probabilities[label])
    kept = tuple(label for label in ranked if 1 - probabilities[label] <= quantile)
    return kept or (ranked[0],)
