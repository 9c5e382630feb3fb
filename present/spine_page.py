"""What the scores of lateral spines were found to do, as a page of Markdown."""

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from present.page_head import page_head, sets_head
from present.prognosis_plots import p_value
from present.wording import network_title, score_title

Study = Mapping[str, Any]
OWN = re.compile(r"## .+: \d+ films, \d+ refused")  # titles of the sections written here


def write_spine_page(study: Study, folder: Path) -> Path:
    """Write `folder/<recipe>.md`; returns the page. study: as `present.evidence_page.write_page`, with what
    `training.spine_evaluation.figures` gives a set. Sections of other measurements in it stay."""
    folder.mkdir(parents=True, exist_ok=True)
    published = study["published"]
    lines = [
        *page_head(study),
        *sets_head(study),
        "Figures stand with their 95 % interval, by bootstrap over patients. Lines were drawn on films held out of "
        "training; predictive values hold at the stated prevalence only.",
        "",
        *([f"Published: {published['source']}. Other people's films, labels and prevalence: it shows the order of "
           "size, and no comparison can be drawn from it.", ""] if published else []),
    ]  # fmt: skip
    for name, found in study["sets"].items():
        lines += [f"## {name.capitalize()}: {found['films']} films, {found['refused']} refused", ""]
        for score, of in found["scores"].items():
            lines += _score(score, of, published.get("auc", {}).get(score, "") if published else "")
        lines += _bodies(found.get("vertebrae", {}))
    page = folder / f"{study['recipe']}.md"
    kept = _of_others(page)
    page.write_text("\n\n".join(["\n".join(lines).strip(), *kept]) + "\n", encoding="utf-8")
    return page


def _of_others(page: Path) -> list[str]:
    """Sections that other measurements wrote into the page; each says with which bundle."""
    if not page.exists():
        return []
    sections = re.split(r"^(?=## )", page.read_text(encoding="utf-8"), flags=re.MULTILINE)[1:]
    return [section.strip() for section in sections if not OWN.match(section)]


def _score(score: str, of: Study, published: str) -> list[str]:
    first = next(iter(of["answers"].values()))
    return [
        f"### {score_title(score)} ({first['positive']} of {first['films']} films)",
        "",
        "| answer | AUROC | sensitivity | specificity | PPV | NPV | Brier score |",
        "|---|---|---|---|---|---|---|",
        *(
            f"| {network_title(judge)} | "
            + " | ".join(_figure(one[key]) for key in ("auc", "sensitivity", "specificity", "ppv", "npv", "brier"))
            + " |"
            for judge, one in of["answers"].items()
        ),
        *([f"| published | {published} | | | | | |"] if published else []),
        "",
        *_heights(of["answers"]),
        *_doubt(of["answers"]),
        "| difference in AUROC (DeLong) | | p |",
        "|---|---|---|",
        *(
            f"| {_over(between)} | {_figure(one['figure'])} | "
            f"{'not defined' if one['p'] is None else p_value(one['p'])} |"
            for between, one in of["gains"].items()
        ),
        "",
    ]


def _heights(answers: Mapping[str, Study]) -> list[str]:
    """What answers with and without measured heights are, where there are both."""
    if not any(judge.endswith("_unmeasured") for judge in answers):
        return []
    return [
        "The networks' answers weigh the greatest loss of height among the bodies that were found, unless they say "
        "that it was not measured: so they answer where no body is found. A virtual fracture is a loss of height and "
        "little else, and a virtual body that lost none is well shaped: on people, whose bodies are also worn, grown "
        "askew and seen aslant, heights tell less.",
        "",
    ]


def _doubt(answers: Mapping[str, Study]) -> list[str]:
    """What cannot be ruled out: how often the bounds keep the truth, and how often they leave both answers."""
    doubted = {judge: one["doubt"] for judge, one in answers.items() if one.get("doubt")}
    if not doubted:
        return []
    return [
        "| bounds made to keep each true answer at 90 % | a true yes kept | a true no kept | undecided |",
        "|---|---|---|---|",
        *(
            f"| {network_title(judge)} | "
            + " | ".join(_figure(one[key]) for key in ("yes_kept", "no_kept", "undecided"))
            + " |"
            for judge, one in doubted.items()
        ),
        "",
    ]


def _over(between: str) -> str:
    second, first = between.split(" over ")
    return f"{network_title(second)} over {network_title(first)}"


def _bodies(found: Study) -> list[str]:
    if "grades" not in found:
        return []
    by_heights = found.get("fracture_by_heights")
    return [
        "### Vertebral bodies",
        "",
        f"{found['found']} of {found['bodies']} bodies whole on the film were found, {found['invented']} were told "
        f"where none is. Points lie {found['point_mm']['median']:.1f} mm off (median; 95 of 100 within "
        f"{found['point_mm']['of_95']:.1f} mm), heights {found['height_share']['median']:.1%} (95 of 100 within "
        f"{found['height_share']['of_95']:.1%}). Quadratic kappa of Genant grades: {found['grade_kappa']:.3f}.",
        "",
        "| true grade | 0 | 1 | 2 | 3 |",
        "|---|---|---|---|---|",
        *(f"| {grade} | " + " | ".join(map(str, row)) + " |" for grade, row in enumerate(found["grades"])),
        "",
        "| grade | bodies | sensitivity | specificity |",
        "|---|---|---|---|",
        *(
            f"| {least} | {one['bodies']} | {_figure(one['sensitivity'])} | {_figure(one['specificity'])} |"
            for least, one in found["by_grade"].items()
        ),
        "",
        *([f"The greatest loss of height alone tells films with a fracture with an AUROC of "
           f"{_figure(by_heights['auc'])}.", ""] if by_heights else []),
    ]  # fmt: skip


def _figure(figure: Mapping[str, float | None]) -> str:
    if figure["value"] is None:
        return "not defined"
    return f"{figure['value']:.3f} ({figure['low']:.3f} to {figure['high']:.3f})"
