"""The page of evidence of bone density, from figures that the real code works out of drawn answers."""

from pathlib import Path

import numpy as np

from core.labels import CLASSES
from evidence.agreement import repeatability
from present.density_page import ABLATIONS, write_density_page
from training.density_evaluation import MeasuredDensity, Pictured, figures

REGIONS = ("femoral_neck", "greater_trochanter", "wards_triangle", "total_hip")


def a_measurement(name: str, noise: float, seed: int) -> MeasuredDensity:
    """80 limbs of 40 patients, whose answers are off by `noise` in g/cm2."""
    random = np.random.default_rng(seed)
    truth = random.normal(0.75, 0.14, (80, 4))
    answer = truth + random.normal(0, noise, (80, 4))
    film = random.random((32, 32))
    limbs = [Pictured(film, film * share, film, share, share) for share in (0.9, 0.8, 0.7)]
    return MeasuredDensity(
        name, REGIONS, 60, 2, {"a.dcm": "It was refused."}, truth, answer, answer - 1.64 * noise, answer + 1.64 * noise,
        CLASSES, random.dirichlet(np.ones(3), 80), [f"p{row // 2}" for row in range(80)], limbs, 0.9,
    )  # fmt: skip


def a_study(folder: Path) -> tuple[dict, Path]:
    sets = {name: a_measurement(name, noise, seed) for seed, (name, noise) in
            enumerate({"internal": 0.03, "external": 0.06}.items())}  # fmt: skip
    steps = [{"step": step, "found": 9, "moved": 0.001, "rmse": 0.05} for step in (1.0, 0.5)]
    poses = np.random.default_rng(3).normal(0.8, 0.02, (9, 4))
    again = {"beta": {"persons": 9, "regions": {
        region: {"poses": repeatability(poses), "jpeg": steps, "dose": steps} for region in REGIONS}}}  # fmt: skip
    study = {
        "recipe": "hip_bmd", "title": "Hip", "version": "0.1.0", "labels": list(CLASSES), "data": "virtual",
        "learned_from": "drawn answers", "made_on": "2026-01-01", "measured_on": "2026-01-02", "seed": 0,
        "sets": {name: figures(one) for name, one in sets.items()}, "again": again, "published": {},
    }  # fmt: skip
    return study, write_density_page(study, folder, {name: one.pictured for name, one in sets.items()})


def test_the_page_says_how_far_answers_are_off_and_which_class_they_name(tmp_path: Path) -> None:
    study, page = a_study(tmp_path)
    text = page.read_text()
    for name in ("internal", "external"):
        rmse = study["sets"][name]["regions"]["total_hip"]["rmse"]
        assert f"{rmse['value']:.3f} ({rmse['low']:.3f} to {rmse['high']:.3f})" in text
        confusion = study["sets"][name]["classes"]["confusion"]
        assert "| Osteoporosis | " + " | ".join(map(str, confusion[CLASSES.index("osteoporosis")])) + " |" in text
        assert sum(map(sum, confusion)) == 80
    pictures = [line.split("](")[1].rstrip(")") for line in text.splitlines() if line.startswith("![")]
    assert len(pictures) >= 4
    assert all((tmp_path / picture).stat().st_size > 1000 for picture in pictures)


def test_what_a_bench_wrote_below_stays(tmp_path: Path) -> None:
    _, page = a_study(tmp_path)
    page.write_text(page.read_text() + f"\n{ABLATIONS}\n## Ablations\n\nof a bench\n")
    _, page = a_study(tmp_path)
    text = page.read_text()
    assert text.rstrip().endswith("of a bench")
    assert text.count("## Ablations") == 1
