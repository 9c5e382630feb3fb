"""Are virtual patients like real ones? A cohort beside published figures, films beside real films, and two traps.

    python -m bench.simulation_evidence [cohort] [shortcut] [look] [sheets]     # all of them unless named

Writes docs/evidence/simulation.md, one section a part, and contact sheets of virtual films beside it. Where real films
are at hand (setting OSTEOLENS_DATA) the side-by-side sheets go to runs/simulation/, which is not kept: real films stay
out of the project.
"""

import re
import sys
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from dataclasses import replace
from multiprocessing import get_context

import numpy as np
import numpy.typing as npt
import torch
from PIL import Image, ImageOps
from scipy.stats import wasserstein_distance
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import roc_auc_score
from sklearn.model_selection import GroupKFold, cross_val_predict
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

import simulation
from core.settings import ROOT, settings
from simulation import Uncommon, hip, loss, socket
from simulation.patient import draw
from simulation.scanner import SCANNERS, Processing

Picture = npt.NDArray[np.float32]
PAGE = ROOT / "docs/evidence/simulation.md"
RUNS = ROOT / "runs/simulation"
WORKERS = 2
SEED = 20
SOUND = {"R": 0.0, "L": 0.0}  # hips without arthritis or dysplasia


def main() -> None:
    parts: dict[str, Callable[[ProcessPoolExecutor], str]] = {
        "cohort": cohort,
        "shortcut": shortcut,
        "look": look,
        "sheets": sheets,
    }
    wanted = sys.argv[1:] or list(parts)
    unknown = set(wanted) - set(parts)
    if unknown:
        sys.exit(f"no part {', '.join(sorted(unknown))}; there are {', '.join(parts)}")
    with ProcessPoolExecutor(WORKERS, get_context("spawn"), torch.set_num_threads, (1,)) as pool:
        for name in wanted:
            print(f"{name} ...", flush=True)
            _keep(name, parts[name](pool))


def _keep(name: str, text: str) -> None:
    """Put one part's text between its marks in the page, leaving the other parts as they stand."""
    page = (
        PAGE.read_text()
        if PAGE.exists()
        else "# Virtual patients beside real ones\n\nWritten by `python -m bench.simulation_evidence`.\n"
    )
    block = f"<!-- {name} -->\n{text.strip()}\n<!-- /{name} -->"
    pattern = re.compile(f"<!-- {name} -->.*?<!-- /{name} -->", re.DOTALL)
    page = pattern.sub(lambda _: block, page) if pattern.search(page) else page.rstrip() + f"\n\n{block}\n"
    PAGE.parent.mkdir(parents=True, exist_ok=True)
    PAGE.write_text(page)


# -- the cohort -------------------------------------------------------------------------------------------------------


def _person(index: int) -> dict[str, float | str]:
    patient = draw(np.random.default_rng([SEED, index, 0]))
    _, shape, dxa = loss.measured(patient, np.random.default_rng([SEED, index, 1]))
    return {
        "sex": patient.sex,
        "age": patient.age_years,
        "neck": dxa.abmd["femoral_neck"],
        "total": dxa.abmd["total_hip"],
        "trochanter": dxa.abmd["greater_trochanter"],
        "ward": dxa.abmd["wards_triangle"],
        "label": dxa.label,
        "t_neck": dxa.t_scores["femoral_neck"],
        "t_total": dxa.t_scores["total_hip"],
        "angle": shape.neck_shaft_angle,
        "head": 2 * hip.femur.HEAD_RADIUS * shape.head * shape.size,
        "joint": socket.draw(np.random.default_rng([SEED, index, 2]), SOUND, SOUND)["L"].joint,
        "fracture": float(patient.prevalent_fracture),
        "incident": float(patient.incident_fracture),
        "years": patient.fracture_years,
        "aim": patient.neck_aim,
    }


def cohort(pool: ProcessPoolExecutor, people: int = 1000) -> str:
    """Shape and density of a cohort beside published figures."""
    rows = list(pool.map(_person, range(people), chunksize=10))

    def of(name: str, sex: str, low: float = 0, high: float = 200) -> npt.NDArray[np.float64]:
        return np.array(
            [row[name] for row in rows if row["sex"] == sex and low <= float(row["age"]) < high], dtype=float
        )

    def cell(values: npt.NDArray[np.float64], digits: int) -> str:
        return f"{values.mean():.{digits}f} ({values.std():.{digits}f})" if len(values) > 1 else "-"

    lines = [
        "## The cohort",
        "",
        f"{people} people, seed {SEED}; mean (SD), measured on the bodies by the virtual DXA. Published: neck-shaft "
        "angle "
        "and head diameter as in `simulation/anatomy/femur.py`; the joint on films of both sexes as in "
        "`simulation/socket.py`; density of white adults in NHANES III (Looker et al. "
        "1998), in round figures as in `simulation/patient.py`.",
        "",
        "| measure | women | published | men | published |",
        "|---|---|---|---|---|",
        f"| neck-shaft angle, degrees | {cell(of('angle', 'F'), 1)} | 127 (5) | {cell(of('angle', 'M'), 1)} | 127 (5) "
        "|",
        f"| head diameter, mm | {cell(of('head', 'F'), 1)} | 43 (2.5) | {cell(of('head', 'M'), 1)} | 48 (2.7) |",
        f"| joint above the head, mm | {cell(of('joint', 'F'), 1)} | 4.2 (0.9) | {cell(of('joint', 'M'), 1)} | "
        "4.2 (0.9) |",
    ]
    published = {
        "F": {50: "0.75 (0.12)", 60: "0.69 (0.11)", 70: "0.64 (0.11)", 80: "0.59 (0.11)"},
        "M": {50: "0.83 (0.13)", 60: "0.80 (0.14)", 70: "0.77 (0.14)", 80: "0.72 (0.15)"},
    }
    for age in (50, 60, 70, 80):
        lines.append(
            f"| femoral neck, {age}-{age + 9} y, g/cm2 | {cell(of('neck', 'F', age, age + 10), 3)} | "
            f"{published['F'][age]} "
            f"| {cell(of('neck', 'M', age, age + 10), 3)} | {published['M'][age]} |"
        )
    for name, title in (("total", "total hip"), ("trochanter", "trochanter"), ("ward", "Ward's area")):
        lines.append(
            f"| {title}, 50 y and older, g/cm2 | {cell(of(name, 'F', 50), 3)} | | {cell(of(name, 'M', 50), 3)} | |"
        )
    for sex, title, osteoporosis, osteopenia in (("F", "Women", "13-18", "37-50"), ("M", "Men", "1-4", "15-33")):
        old = [row for row in rows if row["sex"] == sex and float(row["age"]) >= 50]
        lowest = np.array([[float(row["t_neck"]), float(row["t_total"])] for row in old])
        share = {
            region: f"{(t <= -2.5).mean():.0%} and {((t > -2.5) & (t < -1)).mean():.0%}"
            for region, t in (("neck", lowest[:, 0]), ("total", lowest[:, 1]), ("lower", lowest.min(1)))
        }
        lines += [
            "",
            (
                f"{title} of 50 and older (mean age {np.mean([float(row['age']) for row in old]):.0f}): osteoporosis "
                f"and osteopenia {share['neck']} by the femoral neck, {share['total']} by the total hip, "
                f"{share['lower']} by the lower of both. In the United States, by one region against young white "
                f"women: {osteoporosis} % and {osteopenia} % (Looker et al. 1997). The target is a department's "
                "cohort, older than a nation's."
            ),
        ]
    neck, total = (np.array([float(row[name]) for row in rows]) for name in ("neck", "total"))
    aim = np.array([float(row["aim"]) for row in rows])
    event = np.array([float(row["incident"]) for row in rows])
    lines += [
        "",
        (
            f"Neck and total hip correlate with r = {np.corrcoef(neck, total)[0, 1]:.2f}, about 0.85 in DXA studies. "
            "The neck comes out "
            f"{np.mean(neck - aim):+.3f} "
            f"(SD {np.std(neck - aim):.3f}) g/cm2 from the density the body was built for; what counts as truth is "
            "what the virtual "
            f"DXA measures. Prevalent vertebral fracture {np.mean([float(r['fracture']) for r in rows]):.0%}, "
            "incident fracture "
            f"{event.mean():.0%} over {np.mean([float(r['years']) for r in rows]):.1f} years."
        ),
    ]
    return "\n".join(lines)


# -- no shortcut ------------------------------------------------------------------------------------------------------


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


# -- the look ---------------------------------------------------------------------------------------------------------

PLAIN = replace(
    SCANNERS["alpha"],
    name="plain",
    scatter=0.0,
    fluence=1e9,
    focus_mm=0.01,
    detector_mm=0.01,
    collimated=0.0,
    processing=Processing((1.0, 1.0, 1.0, 1.0), 1.0, 1.0, 0.0, gamma=1.0, shoulder=1.0),
)


def _film(job: tuple[str, int, str, int]) -> Picture:
    view, index, look_name, size = job
    simulation.SCANNERS.setdefault("plain", PLAIN)
    return simulation.simulate(view, SEED + 2, index, look_name, size=size, truth=False).pixels


def _with_metal(job: tuple[int, str, int]) -> Picture:
    index, look_name, size = job
    return simulation.simulate(
        "hip_ap",
        SEED + 3,
        index,
        look_name,
        size=size,
        truth=False,
        frame="hip" if index % 2 else "any",
        uncommon=Uncommon(implants=1.0),
    ).pixels


def real_films(view: str) -> list[Picture]:
    """Real films of the view at hand, bone bright, 0..1; copies of one film among the knees are left out."""
    data = settings().data
    pictures: list[Image.Image] = []
    if view == "knee_ap" and (data / "knee_qus/manifest.csv").exists():
        seen: list[Picture] = []
        for path in sorted((data / "knee_qus/images").iterdir()):
            picture = Image.open(path).convert("L")
            small = np.asarray(picture.resize((24, 24)), np.float32).ravel()
            small = (small - small.mean()) / (small.std() + 1e-6)
            if all(float(small @ other) / small.size < 0.985 for other in seen):
                seen.append(small)
                pictures.append(picture)
    elif view == "spine_lateral":
        pictures = [
            Image.open(path).convert("L").resize((800, 1024)) for path in sorted((data / "spine_lateral").glob("*.jpg"))
        ]
    elif view == "hip_ap":
        pictures = [
            ImageOps.invert(Image.open(path).convert("L")) for path in sorted((data / "hip_inverted").glob("*_ap.png"))
        ]
    return [np.asarray(picture, np.float32) / 255 for picture in pictures]


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
        before = list(pool.map(_film, [(view, i, "plain", 512) for i in range(many)], chunksize=2))
        after = list(pool.map(_film, [(view, i, "alpha", 512) for i in range(many)], chunksize=2))
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


# -- contact sheets ---------------------------------------------------------------------------------------------------


def sheet(films: list[Picture], columns: int = 6, tile: int = 320) -> Image.Image:
    """Films in a grid, each fitted into a square on black, untouched in brightness."""
    rows = -(-len(films) // columns)
    page = Image.new("L", (columns * (tile + 6), rows * (tile + 6)), 40)
    for number, film in enumerate(films):
        image = ImageOps.pad(Image.fromarray((np.clip(film, 0, 1) * 255).astype(np.uint8)), (tile, tile))
        page.paste(image, ((number % columns) * (tile + 6) + 3, (number // columns) * (tile + 6) + 3))
    return page


def sheets(pool: ProcessPoolExecutor) -> str:
    """Twelve virtual films a view; beside twelve real ones only in runs/, which is not kept."""
    lines = ["## Contact sheets", "", "Twelve films of each view, drawn in order, none left out.", ""]
    RUNS.mkdir(parents=True, exist_ok=True)
    for view in simulation.VIEWS:
        films = list(pool.map(_film, [(view, i, "beta" if i % 4 == 3 else "alpha", 512) for i in range(12)]))
        path = PAGE.parent / f"simulation_{view}.jpg"
        sheet(films).save(path, quality=85)
        lines += [f"![Twelve virtual films, {view}]({path.name})", ""]
        real = real_films(view)
        if real:
            some = real[:: max(1, len(real) // 12)][:12]
            sheet(films + some).save(RUNS / f"{view}_virtual_above_real.png")
    metal = list(pool.map(_with_metal, [(i, "beta" if i % 4 == 3 else "alpha", 512) for i in range(12)]))
    sheet(metal).save(PAGE.parent / "simulation_implants.jpg", quality=85)
    lines += ["![Twelve virtual hips with implants](simulation_implants.jpg)", ""]
    lines.append("The last of each four is `beta`, the others `alpha`. Implants are asked for with `--implants SHARE`.")
    return "\n".join(lines)


if __name__ == "__main__":
    main()
