"""What a recipe that measures bone density was found to do, as a page of Markdown with its pictures."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from evidence.change import change
from evidence.metrics import Figure
from present import density_plots
from present.evidence_page import KEPT
from present.evidence_plots import png
from present.page_head import page_head, sets_head
from present.wording import class_title, region_title

Study = Mapping[str, Any]
AGREEMENT = {
    "r": "Pearson's r",
    "rmse": "RMSE, g/cm²",
    "bias": "bias, g/cm²",
    "limits": "limits of agreement: bias ± , g/cm²",
    "slope": "slope of answer on truth",
    "coverage": "truth within the interval",
}
ABLATIONS = "<!-- bench -->"


def write_density_page(study: Study, folder: Path, pictured: Mapping[str, Sequence[Any]]) -> Path:
    """Write `folder/<recipe>.md` and its pictures; returns the page.

    study: `recipe`, `title`, `version`, `data`, `learned_from`, `made_on`, `measured_on`, `seed`, `sets` (by name what
    `training.density_evaluation.figures` gives), `again` (by scanner what `again` gives) and `published`. pictured:
    limbs by set, each with `film`, `drawn`, `truth`, `r`. Sections from `## Ablations` on, which a bench writes, and
    what stands between `<!-- kept -->` and `<!-- /kept -->`, are kept.
    """
    folder.mkdir(parents=True, exist_ok=True)
    page = folder / f"{study['recipe']}.md"
    before = page.read_text(encoding="utf-8") if page.exists() else ""
    kept, bench = KEPT.search(before), before.find(ABLATIONS)
    pictures = {}
    for what, plot in density_plots.draw(study, pictured).items():
        pictures[what] = f"{study['recipe']}_{what}.png"
        (folder / pictures[what]).write_bytes(png(plot))
    lines = [
        *_head(study),
        *([kept.group(0), ""] if kept else []),
        *_films(study),
        *_agreement(study),
        *_picture(pictures, "agreement", "Answers against the truth, and their difference over their mean"),
        *_classes(study),
        *_projections(study),
        *(
            line
            for name in study["sets"]
            for line in _picture(
                pictures, f"projections_{name}", f"{name}: film, projection, truth and difference; best, median, worst"
            )
        ),
        *_again(study),
        *_picture(pictures, "again", "The same persons through JPEG and at lower dose"),
    ]
    text = "\n".join(lines).rstrip() + "\n"
    page.write_text(text + ("\n" + before[bench:] if bench >= 0 else ""), encoding="utf-8")
    return page


def _head(study: Study) -> list[str]:
    lines = [
        *page_head(study),
        *sets_head(study),
        "The truth is the density of the body that each film was made of. Figures stand with their 95 % interval, by "
        "bootstrap over patients.",
        "",
    ]
    if study["published"]:
        lines += [f"Published, on other people's films: {study['published']['source']}.", ""]
    return lines


def _films(study: Study) -> list[str]:
    rows = [(name, one["films"], one["limbs"], one["missed"]) for name, one in study["sets"].items()]
    return ["## Films", "", *_table(("set", "films", "limbs read", "limbs not found or refused"), rows)]


def _agreement(study: Study) -> list[str]:
    sets, published = study["sets"], study["published"].get("figures", {})
    names = list(sets)
    promised = next(iter(sets.values()))["promised_coverage"]
    rows = []
    for region in next(iter(sets.values()))["regions"]:
        for key, title in AGREEMENT.items():
            found = [_figure(sets[name]["regions"][region].get(key)) for name in names]
            cells = [_text(one) for one in found]
            if len(names) > 1:
                cells.append(_signed(change(found[0], found[1])))
            if published:
                cells.append(published.get(region, {}).get(key, ""))
            rows.append((region_title(region), title, *cells))
    head = (
        "region",
        "figure",
        *names,
        *(("change",) if len(names) > 1 else ()),
        *(("published",) if published else ()),
    )
    return [
        "## Agreement with the truth",
        "",
        f"Bias is answer less truth. The limits of agreement hold 95 of 100 differences (Bland and Altman 1986). "
        f"Intervals promise to hold the truth in {promised * 100:.0f} % of limbs like those held out.",
        "",
        *_table(head, rows),
    ]


def _classes(study: Study) -> list[str]:
    sets = {name: one["classes"] for name, one in study["sets"].items() if one.get("classes")}
    if not sets:
        return []
    named = {"accuracy": "accuracy", "balanced_accuracy": "balanced accuracy", "quadratic_kappa": "quadratic kappa"}
    rows = [(title, *(_text(_figure(one[key])) for one in sets.values())) for key, title in named.items()]
    labels = list(next(iter(sets.values()))["classes"])
    for label in labels:
        for key, title in (("auc", "AUROC"), ("sensitivity", "sensitivity"), ("specificity", "specificity")):
            rows.append(
                (
                    f"{class_title(label)}: {title}",
                    *(_text(_figure(one["classes"][label][key])) for one in sets.values()),
                )
            )
    lines = [
        "## The class by the lower T-score",
        "",
        "Of femoral neck and total hip, of every limb, whatever the person's age; a reading of a person under 50 names "
        "none.",
        "",
        *_table(("figure", *sets), rows),
    ]
    for name, one in sets.items():
        lines += _table(
            (f"{name}: true class", *(f"named {class_title(label).lower()}" for label in labels)),
            [(class_title(label), *row) for label, row in zip(labels, one["confusion"], strict=True)],
        )
    return lines


def _projections(study: Study) -> list[str]:
    rows = [
        (name, one["projections"]["limbs"], *(_median(one["projections"][key]) for key in ("likeness", "r")))
        for name, one in study["sets"].items()
        if one["projections"]["limbs"]
    ]
    if not rows:
        return []
    return [
        "## The virtual projection against the truth",
        "",
        "On the femur's square; median, and between what values 90 of 100 limbs lie.",
        "",
        *_table(("set", "limbs", "structural similarity", "correlation of pixels"), rows),
    ]


def _again(study: Study) -> list[str]:
    if not study["again"]:
        return []
    rows, packed, dimmed = [], [], []
    for scanner, one in study["again"].items():
        for region, found in one["regions"].items():
            poses = found["poses"]
            rows.append(
                (scanner, region_title(region), poses["persons"], _text(_figure(poses["cv_percent"]), 2),
                 _text(_figure(poses["least_significant_change"])))
            )  # fmt: skip
            packed.append((scanner, region_title(region), *(_moved(step) for step in found["jpeg"])))
            dimmed.append((scanner, region_title(region), *(_moved(step) for step in found["dose"])))
    steps = next(iter(next(iter(study["again"].values()))["regions"].values()))
    published = study["published"].get("repeatability", "")
    return [
        "## The same person again",
        "",
        "Four poses of each virtual person, each posed and exposed anew: root-mean-square coefficient of variation "
        f"(Glüer 1995), and the least significant change, 2.77 times the root-mean-square deviation.{published}",
        "",
        *_table(("scanner", "region", "persons", "rms-CV, %", "least significant change, g/cm²"), rows),
        "JPEG: how far the answer moves from that of the film as it is, mean of sizes in g/cm², by quality.",
        "",
        *_table(("scanner", "region", *(f"{step['step']:.0f}" for step in steps["jpeg"])), packed),
        "Dose: the same by quanta at the detector, as a share of the scanner's own.",
        "",
        *_table(("scanner", "region", *(f"{step['step']:g}" for step in steps["dose"])), dimmed),
    ]


def _moved(step: Mapping[str, float | None]) -> str:
    return "no hip found" if step["moved"] is None else f"{step['moved']:.4f}"


def _median(values: Mapping[str, float]) -> str:
    return f"{values['median']:.3f} ({values['low']:.3f} to {values['high']:.3f})"


def _picture(pictures: Mapping[str, str], what: str, caption: str) -> list[str]:
    return [f"![{caption}]({pictures[what]})", "", f"*{caption}.*", ""] if what in pictures else []


def _table(head: Sequence[str], rows: Sequence[Sequence[object]]) -> list[str]:
    return [
        f"| {' | '.join(head)} |",
        "|---" * len(head) + "|",
        *(f"| {' | '.join(map(str, row))} |" for row in rows),
        "",
    ]


def _figure(values: Mapping[str, float | None] | None) -> Figure:
    return Figure(values["value"], values["low"], values["high"]) if values else Figure(None, None, None)


def _text(figure: Figure, digits: int = 3) -> str:
    if figure.value is None:
        return "not defined"
    return f"{figure.value:.{digits}f} ({figure.low:.{digits}f} to {figure.high:.{digits}f})"


def _signed(figure: Figure) -> str:
    if figure.value is None:
        return "not defined"
    return f"{figure.value:+.3f} ({figure.low:+.3f} to {figure.high:+.3f})"
