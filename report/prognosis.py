"""The page on incident fractures: what scores add to clinical risk factors."""

from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from core.titles import score_title
from evidence.figure import Figure, p_text
from evidence.shown import Section, Table
from report import plots_prognosis
from report.page import TEMPLATES, keep
from report.plotting import png
from report.tables import markdown

KNOWN = {"age_years": "age", "sex": "sex", "bmi": "BMI", "fracture": "prevalent fracture"}
CONCORDANCE = ("score alone", "without", "with", "gain")
RECLASSIFIED = ("fractures", "others", "sum")


def write_prognosis(study: Mapping[str, Any], folder: Path) -> tuple[Path, Path]:
    """Write `folder/prognosis.json`, `folder/prognosis.md` and its plots; returns the first two.

    study: what `evidence.statistics.prognosis.prognosis` gives, with `data` (the table's name) and `virtual`.
    """
    folder.mkdir(parents=True, exist_ok=True)
    study = {**study, "measured_on": datetime.now(UTC).date().isoformat()}
    for what, plot in plots_prognosis.draw(study).items():
        (folder / f"prognosis_{what}.png").write_bytes(png(plot))
    known = ", ".join(KNOWN.get(name, name) for name in study["known"]) or "nothing"
    page = folder / "prognosis.md"
    text = TEMPLATES.get_template("prognosis.md.j2").render(
        study=study,
        known=known,
        risk=Figure.of(study["risk"]),
        hazards=markdown([_hazard_ratios(study, known)]),
        added=markdown(_added(study, known)),
    )
    page.write_text(text.rstrip() + "\n", encoding="utf-8")
    return keep(study, folder / "prognosis.json"), page


def _hazard_ratios(study: Mapping[str, Any], known: str) -> Section:
    rows = tuple(
        (
            score_title(name),
            how if how == "crude" else f"adjusted for {known}",
            Figure.of(ratio).text(2),
            p_text(ratio["p"]),
            p_text(ratio["p_proportional"]),
        )
        for name, one in study["scores"].items()
        for how, ratio in one["hazard_ratio"].items()
    )
    return Section("Hazard ratios", (Table(("Score", "", "Hazard ratio", "p", "p, proportional hazards"), rows),))


def _added(study: Mapping[str, Any], known: str) -> list[Section]:
    added = {score_title(name): one for name, one in study["scores"].items() if "nri" in one}
    if not added:
        return []

    def table(head: tuple[str, ...], group: str, keys: tuple[str, ...]) -> Table:
        return Table(head, tuple((name, *(Figure.of(one[group][key]) for key in keys)) for name, one in added.items()))

    return [
        Section(
            "Added value of each score",
            (
                table(("Score", "C-index, score alone", known, "with the score", "Gain"), "c_index", CONCORDANCE),
                f"Continuous net reclassification at {study['horizon']:g} years: how much more often the predicted "
                "risk moves in the right direction than in the wrong one, from -1 to 1 in each group. The two "
                "groups say more than their sum.",
                table(("Score", "With a fracture", "Without", "Sum"), "nri", RECLASSIFIED),
            ),
        )
    ]
