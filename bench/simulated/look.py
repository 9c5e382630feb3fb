"""How far virtual films are from real ones: spectra, grey levels, and a network told to separate them."""

from concurrent.futures import ProcessPoolExecutor

import numpy as np
import numpy.typing as npt
import torch
from PIL import Image, ImageOps
from scipy.stats import wasserstein_distance
from sklearn.metrics import roc_auc_score

import simulation
from bench.simulated.films import Picture, film_of, real_films


def fitted(picture: Picture, side: int) -> Picture:
    """The picture with its long side at `side`, centred on black, its film (not its border) stretched to 0..1."""
    image = Image.fromarray((np.clip(picture, 0, 1) * 255).astype(np.uint8))
    image = ImageOps.pad(image, (side, side), method=Image.Resampling.BOX)
    values = np.asarray(image, np.float32) / 255
    low, high = np.percentile(values, [1, 99.5])
    return np.clip((values - low) / max(high - low, 1e-3), 0, 1).astype(np.float32)


def spectrum(picture: Picture, side: int = 512) -> npt.NDArray[np.float64]:
    """Logarithm of the radial power spectrum of the picture's middle, 60 steps from 1/64 to 0.45 cycles a pixel."""
    values = fitted(picture, side)
    half = side // 4
    middle = values[half : 3 * half, half : 3 * half]
    middle = (middle - middle.mean()) / (middle.std() + 1e-6)
    window = np.hanning(2 * half)
    power = np.abs(np.fft.fftshift(np.fft.fft2(middle * window * window[:, None]))) ** 2
    frequency = np.hypot(*np.meshgrid(*(np.fft.fftshift(np.fft.fftfreq(2 * half)),) * 2))
    edges = np.geomspace(1 / 64, 0.45, 61)
    which = np.digitize(frequency.ravel(), edges) - 1
    inside = (which >= 0) & (which < 60)
    total = np.bincount(which[inside], power.ravel()[inside], 60)
    count = np.bincount(which[inside], minlength=60)
    return np.log10(total / np.maximum(count, 1) + 1e-9)


def distances(real: list[Picture], virtual: list[Picture]) -> tuple[float, float]:
    """RMS difference of mean log10 power spectra, and Wasserstein distance of grey levels inside the film (0..1)."""
    power = np.sqrt(
        np.mean((np.mean([spectrum(p) for p in real], 0) - np.mean([spectrum(p) for p in virtual], 0)) ** 2)
    )

    def levels(films: list[Picture]) -> npt.NDArray[np.float32]:
        return np.concatenate([v[v > 0.02][::37] for v in (fitted(p, 256).ravel() for p in films)])

    return float(power), float(wasserstein_distance(levels(real), levels(virtual)))


def tell_apart(
    real: list[Picture], virtual: list[Picture], side: int = 96, rounds: int = 10
) -> tuple[float, float, float]:
    """AUC (and 95 % interval) of a small convolutional network told to separate real from virtual, five-fold."""
    x = torch.from_numpy(np.stack([fitted(p, side) for p in real + virtual]))[:, None]
    y = torch.tensor([1.0] * len(real) + [0.0] * len(virtual))
    rng = np.random.default_rng(0)
    fold = rng.permutation(len(y)) % 5
    score = np.zeros(len(y))
    for held in range(5):
        torch.manual_seed(held)
        layers: list[torch.nn.Module] = []
        for i, o in ((1, 12), (12, 24), (24, 32)):
            layers += [
                torch.nn.Conv2d(i, o, 3, padding=1),
                torch.nn.BatchNorm2d(o),
                torch.nn.ReLU(),
                torch.nn.MaxPool2d(2),
            ]
        net = torch.nn.Sequential(*layers, torch.nn.AdaptiveAvgPool2d(1), torch.nn.Flatten(), torch.nn.Linear(32, 1))
        optimiser = torch.optim.Adam(net.parameters(), 3e-3)
        train = np.flatnonzero(fold != held)
        for _ in range(rounds):
            for pick in np.array_split(rng.permutation(train), max(1, len(train) // 16)):
                batch = x[pick]
                if rng.random() < 0.5:
                    batch = batch.flip(-1)
                loss = torch.nn.functional.binary_cross_entropy_with_logits(net(batch)[:, 0], y[pick])
                optimiser.zero_grad()
                loss.backward()
                optimiser.step()
        net.eval()
        with torch.no_grad():
            test = np.flatnonzero(fold == held)
            score[test] = net(x[test])[:, 0].numpy()
    truth = y.numpy()
    draws = [
        roc_auc_score(truth[p], score[p])
        for p in (rng.integers(0, len(y), len(y)) for _ in range(500))
        if 0 < truth[p].sum() < len(p)
    ]
    low, high = np.percentile(draws, [2.5, 97.5])
    return float(roc_auc_score(truth, score)), float(low), float(high)


def look(pool: ProcessPoolExecutor) -> str:
    """How far virtual films are from real ones, plain (before tuning) and as the preset makes them (after)."""
    lines = ["## The look", ""]
    rows = []
    for view in simulation.VIEWS:
        real = real_films(view)
        if not real:
            lines.append(f"No real films of {view} at hand.")
            continue
        many = min(max(len(real), 24), 64)
        before = list(pool.map(film_of, [(view, i, "plain", 512) for i in range(many)], chunksize=2))
        after = list(pool.map(film_of, [(view, i, "alpha", 512) for i in range(many)], chunksize=2))
        half = len(real) // 2
        floor = distances(real[:half], real[half:]) if half >= 20 else None
        for name, films in (("before", before), ("after", after)):
            power, level = distances(real, films)
            rows.append(f"| {view} | {len(real)} | {name} | {power:.2f} | {level:.3f} |")
        if floor:
            rows.append(f"| {view} | {half} | real against real | {floor[0]:.2f} | {floor[1]:.3f} |")
        if view == "knee_ap":
            kept = real[: len(after)]
            torch.set_num_threads(2)
            whole = tell_apart(kept, after)
            plain = tell_apart(kept[: len(before)], before)
    lines += [
        "Before: logarithm and window only, no scatter, noise, blur or collimator. After: the preset `alpha`. "
        "Spectrum: RMS "
        "difference of the mean logarithm (base 10) of the radial power spectra of the films' middles; grey levels: "
        "Wasserstein "
        "distance inside the film, on a scale of 0 to 1. Lower is nearer. Few real hips and spines are at hand, so "
        "their figures "
        "are rough.",
        "",
        "| view | real films | virtual films | spectrum | grey levels |",
        "|---|---|---|---|---|",
        *rows,
    ]
    if real_films("knee_ap"):
        lines += [
            "",
            (
                f"A small network at 96 px tells real from virtual knees with AUC {whole[0]:.2f} ({whole[1]:.2f} to "
                f"{whole[2]:.2f}); before "
                f"tuning {plain[0]:.2f} ({plain[1]:.2f} to {plain[2]:.2f}). 0.5 would be not at all."
            ),
        ]
    return "\n".join(lines)
