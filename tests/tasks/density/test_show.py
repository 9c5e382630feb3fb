"""What is shown of bone density, from figures that the real code works out of drawn answers."""

from pathlib import Path

import numpy as np

from core.labels import CLASSES
from core.model_facts import ModelFacts
from evidence.statistics.agreement import repeatability
from evidence.study import Study
from models.bundle import Ensemble, Node
from report.page import study_of, write
from report.tables import markdown
from tasks import DENSITY
from tasks.density import show
from tasks.density.measure import DensityRow, Pictured, extras, figures
from tasks.part import Part

REGIONS = ("femoral_neck", "greater_trochanter", "wards_triangle", "total_hip")


PART = Part(DENSITY, "limb", REGIONS)
ENSEMBLE = Ensemble((Node("decomposer", "density", "light", {}, {}, REGIONS, None, {"coverage": 0.9}),))  # type: ignore[arg-type]


def a_set(noise: float, seed: int) -> list[DensityRow]:
    """80 limbs of 40 patients, whose answers are off by `noise` in g/cm2; three with their projections."""
    random = np.random.default_rng(seed)
    truth = random.normal(0.75, 0.14, (80, 4))
    answer = truth + random.normal(0, noise, (80, 4))
    film = random.random((32, 32))
    limbs = [Pictured(film, film * share, film, share, share) for share in (0.9, 0.8, 0.7)]
    shares = random.dirichlet(np.ones(3), 80)
    return [
        DensityRow(
            truth[row],
            answer[row],
            answer[row] - 1.64 * noise,
            answer[row] + 1.64 * noise,
            shares[row],
            f"p{row // 2}",
            limbs[row] if row < len(limbs) else None,
        )
        for row in range(80)
    ]


def a_study() -> Study:
    sets = {name: a_set(noise, seed) for seed, (name, noise) in
            enumerate({"internal": 0.03, "external": 0.06}.items())}  # fmt: skip
    steps = [{"step": step, "found": 9, "moved": 0.001, "rmse": 0.05} for step in (1.0, 0.5)]
    poses = np.random.default_rng(3).normal(0.8, 0.02, (9, 4))
    again = {"beta": {"persons": 9, "regions": {
        region: {"poses": repeatability(poses), "jpeg": steps, "dose": steps} for region in REGIONS}}}  # fmt: skip
    facts = ModelFacts("hip_bmd", "0.1.0", "Hip", labels=CLASSES)
    counts = {"films": 60, "limbs": 80, "missed": 2, "refused": 1}
    plain = {name: {**counts, **figures(rows, PART, ENSEMBLE)} for name, rows in sets.items()}
    pictured = {name: extras(rows, PART)["pictured"] for name, rows in sets.items()}
    return study_of(facts, plain, "virtual", again, pictured)


def test_the_page_says_how_far_predictions_are_off_and_which_class_they_name(tmp_path: Path) -> None:
    study = a_study()
    text = write(study, tmp_path)[1].read_text()
    for name in ("internal", "external"):
        found = study.evidence.sets[name]
        assert str(found.regions["total_hip"].rmse) in text
        assert found.by_t_score is not None
        confusion = found.by_t_score.confusion
        assert "| Osteoporosis | " + " | ".join(map(str, confusion[CLASSES.index("osteoporosis")])) + " |" in text
        assert sum(map(sum, confusion)) == 80
    assert ".062 (Hsieh)" in text
    assert "| beta | Femoral neck | 9 | " in text
    pictures = [line.split("](")[1].rstrip(")") for line in text.splitlines() if line.startswith("![")]
    assert pictures == [f"hip_bmd_{what}.png" for what in
                        ("agreement", "projections_internal", "projections_external", "again")]  # fmt: skip
    assert all((tmp_path / picture).stat().st_size > 1000 for picture in pictures)


def test_a_bundle_without_the_points_of_its_plots_shows_the_same_figures() -> None:
    study = a_study()
    found = study.evidence.sets["external"].regions["total_hip"]
    assert found.r is not None
    assert found.rmse is not None
    assert show.sentence(study.facts, study.evidence) == (
        "Total hip density on simulated patients, simulated scanner not used in training (n = 80): Pearson's r "
        f"{found.r.text(2)}, RMSE {found.rmse} g/cm²."
    )
    said = markdown(show.card(study.facts, study.evidence))
    assert "Prediction intervals are calibrated to contain the truth in 90 % of cases." in said
    assert f"| Total hip | Pearson's r | {found.r} |" in said
