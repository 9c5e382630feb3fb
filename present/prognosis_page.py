"""What scores say of fractures to come, as a page of Markdown with its pictures."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from present import prognosis_plots
from present.evidence_plots import png
from present.prognosis_plots import p_value
from present.wording import score_title

Study = Mapping[str, Any]
KNOWN = {"age_years": "age", "sex": "sex", "bmi": "BMI", "fracture": "prevalent fracture"}


def write_prognosis_page(study: Study, folder: Path) -> Path:
    """Write `folder/prognosis.md` and its pictures; returns the page.

    study: what `evidence.prognosis.prognosis` gives, with `data` (the table's name), `virtual` and `measured_on`.
    """
    folder.mkdir(parents=True, exist_ok=True)
    for what, plot in prognosis_plots.draw(study).items():
        (folder / f"prognosis_{what}.png").write_bytes(png(plot))
    known = ", ".join(KNOWN.get(name, name) for name in study["known"]) or "nothing"
    lines = [
        "# What the scores say of fractures to come",
        "",
        f"Written by `python cli.py evaluate prognosis --data TABLE --out DIR` on {study['measured_on']}, from the "
        f"table {study['data']}: {study['people']} people, followed for {study['median_years']:.1f} years (median), "
        f"{study['fractures']} of whom broke a bone; {study['left_out']} rows lacked a value and were left out. "
        f"Risk of a fracture within {study['horizon']:g} years: {_figure(study['risk'])} (Kaplan-Meier).",
        "",
    ]
    if study["virtual"]:
        lines += [
            "**Everybody here is a virtual patient, and what became of them was drawn from published hazards of "
            "density, age, sex, BMI and earlier fracture. A score can add to those only what it tells of density: none "
            "of these figures says how good it is on people.**",
            "",
        ]
    lines += [
        f"Known without a score: {known}. Scores are standardised: a hazard ratio is one a standard deviation. Risks "
        "with and without a score come from Cox models that had not seen the person (5-fold); their intervals are "
        "bootstraps over people and leave out what refitting would add.",
        "",
        "Published for VERTE-X (J. Bone Miner. Res. 2025; 40: 628): hazard ratios 3.23 and 2.11 for vertebral "
        "fracture, 2.62 and 2.14 for osteoporosis. Other people, other follow-up: it shows the order of size.",
        "",
        "![Share without a fracture by thirds of each score](prognosis_kaplan_meier.png)",
        "",
        "## Hazard ratios",
        "",
        "| score | | hazard ratio | p | p, proportional hazards |",
        "|---|---|---|---|---|",
        *(
            f"| {score_title(name)} | {how if how == 'crude' else f'adjusted for {known}'} | {_figure(ratio, 2)} | "
            f"{p_value(ratio['p'])} | {p_value(ratio['p_proportional'])} |"
            for name, one in study["scores"].items()
            for how, ratio in one["hazard_ratio"].items()
        ),
        "",
        "A small p in the last column says that a ratio changes over time, so that one number tells only part.",
        "",
        "![Hazard ratios](prognosis_hazard_ratios.png)",
        "",
    ]
    added = {name: one for name, one in study["scores"].items() if "nri" in one}
    if added:
        lines += [
            "## What a score adds",
            "",
            f"| score | C-index, score alone | {known} | with the score | gain |",
            "|---|---|---|---|---|",
            *(
                f"| {score_title(name)} | "
                + " | ".join(_figure(one["c_index"][key]) for key in ("score alone", "without", "with", "gain"))
                + " |"
                for name, one in added.items()
            ),
            "",
            f"Continuous net reclassification at {study['horizon']:g} years: how much more often the risk moves the "
            "right way than the wrong one, from -1 to 1 in each group. The parts mean more than their sum.",
            "",
            "| score | people who broke a bone | the others | sum |",
            "|---|---|---|---|",
            *(
                f"| {score_title(name)} | "
                + " | ".join(_figure(one["nri"][key]) for key in ("fractures", "others", "sum"))
                + " |"
                for name, one in added.items()
            ),
            "",
            "![Decision curves](prognosis_decision_curve.png)",
            "",
            "Net benefit counts fractures met by treatment, less treatments in vain weighed by the odds of the risk "
            "above which one treats. Where a line does not lie above the others, treating by it helps nobody.",
            "",
        ]
    page = folder / "prognosis.md"
    page.write_text("\n".join(lines).rstrip() + "\n", encoding="utf-8")
    return page


def _figure(figure: Mapping[str, float | None], digits: int = 3) -> str:
    if figure["value"] is None:
        return "not defined"
    return f"{figure['value']:.{digits}f} ({figure['low']:.{digits}f} to {figure['high']:.{digits}f})"
