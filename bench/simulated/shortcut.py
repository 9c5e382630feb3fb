"""Whether the class can be had from features that have nothing to do with bone."""

from concurrent.futures import ProcessPoolExecutor

import numpy as np
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import roc_auc_score
from sklearn.model_selection import GroupKFold, cross_val_predict
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

import simulation
from bench.simulated.cohort import SEED


def _trivial(index: int) -> tuple[list[float], str, str]:
    film = simulation.simulate("hip_ap", SEED + 1, index, size=256, frame="any", truth=False)
    values = film.pixels[film.pixels > 0]
    features = [
        float(values.mean()),
        float(values.std()),
        float((film.pixels == 0).mean()),
        *map(float, film.pixels.shape),
        *np.percentile(values, [1, 5, 25, 50, 75, 95, 99]).tolist(),
    ]
    worst = min(film.rows, key=lambda row: min(row["t_femoral_neck"], row["t_total_hip"]))
    return features, worst["label"], film.rows[0]["scanner"]


def shortcut(pool: ProcessPoolExecutor, films: int = 240) -> str:
    """Whether the class can be had from features that have nothing to do with bone."""
    found = list(pool.map(_trivial, range(films), chunksize=5))
    x = np.array([features for features, _, _ in found])
    labels = np.array([label for _, label, _ in found])
    model = make_pipeline(StandardScaler(), LogisticRegression(max_iter=2000, C=1.0))
    groups = np.arange(films)
    lines = [
        "## No shortcut",
        "",
        f"Logistic regression on the films' mean, spread, share of black, size and seven percentiles, {films} AP hip "
        "films "
        "at 256 px (alpha), five-fold cross-validation; AUC of one class against the rest with its 95 % interval "
        "(bootstrap). The bar is 0.65.",
        "",
        "| class | films | AUC |",
        "|---|---|---|",
    ]
    rng = np.random.default_rng(0)
    for label in ("normal", "osteopenia", "osteoporosis"):
        y = labels == label
        score = cross_val_predict(model, x, y, cv=GroupKFold(5), groups=groups, method="predict_proba")[:, 1]
        draws = []
        for _ in range(500):
            pick = rng.integers(0, films, films)
            if 0 < y[pick].sum() < films:
                draws.append(roc_auc_score(y[pick], score[pick]))
        low, high = np.percentile(draws, [2.5, 97.5])
        lines.append(f"| {label} | {int(y.sum())} | {roc_auc_score(y, score):.2f} ({low:.2f} to {high:.2f}) |")
    return "\n".join(lines)
