"""What a recipe was found to do, as a page of Markdown with its pictures. Written anew by each measurement."""

import re
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from evidence.change import change
from evidence.metrics import Figure
from present import evidence_plots
from present.page_head import page_head, sets_head
from present.wording import class_title, judge_title, network_title, region_title

OVERALL = {
    "accuracy": "accuracy",
    "balanced_accuracy": "balanced accuracy",
    "quadratic_kappa": "quadratic kappa",
    "brier": "Brier score, lower is better",
    "calibration_error": "calibration error, lower is better",
}
BY_CLASS = {"auc": "AUC", "sensitivity": "sensitivity", "specificity": "specificity", "ppv": "PPV", "npv": "NPV"}
OUTLINES = {
    "iou": "IoU",
    "dice": "Dice",
    "boundary_mm": "boundary off by, mm",
    "boundary_95_mm": "95 of 100 boundary points within, mm",
    "found": "IoU of 0.5 and more",
}
RELIABILITY = (
    f"How sure an answer was against how often it was right, where {evidence_plots.FEWEST} limbs or more were as sure"
)
DIGITS = {"boundary_mm": 2, "boundary_95_mm": 2}
KEPT = re.compile(r"<!-- kept -->.*?<!-- /kept -->", re.DOTALL)

Study = Mapping[str, Any]


def write_page(study: Study, folder: Path) -> Path:
    """Write `folder/<recipe>.md` and its pictures `<recipe>_<what>.png`; returns the page.

    study: `recipe`, `title`, `version`, `labels`, `data` (`virtual` or a manifest's name), `learned_from`, `made_on`,
    `measured_on`, `seed`, `sets` (by name what `training.evaluation.figures` gives) and `published` (as
    `present.published`, or empty). What stands between `<!-- kept -->` and `<!-- /kept -->` on a page that is there
    already is kept: that is where people write.
    """
    folder.mkdir(parents=True, exist_ok=True)
    page = folder / f"{study['recipe']}.md"
    kept = KEPT.search(page.read_text(encoding="utf-8")) if page.exists() else None
    pictures = {}
    for what, plot in evidence_plots.draw(study).items():
        pictures[what] = f"{study['recipe']}_{what}.png"
        (folder / pictures[what]).write_bytes(evidence_plots.png(plot))
    lines = [
        *_head(study),
        *([kept.group(0), ""] if kept else []),
        *_films(study),
        *_overall(study),
        *_picture(pictures, "roc", "ROC curves, each class against the rest"),
        *_picture(pictures, "confusion", "Confusion matrices: rows are the truth, columns the answer"),
        *_picture(pictures, "reliability", RELIABILITY),
        *_by_class(study),
        *_differences(study),
        *_outlines(study),
        *_picture(pictures, "outlines", "IoU by region and network, mean and 95 % interval"),
    ]
    page.write_text("\n".join(lines).rstrip() + "\n", encoding="utf-8")
    return page


def _voices(voices: Mapping[str, float]) -> str:
    """How the networks' answers become one. voices: by network, empty where all count alike."""
    if not voices:
        return "together they are averaged"
    named = ", ".join(f"{network_title(name)} {voice:.2f}" for name, voice in voices.items())
    return f"together each counts as much as its voice, fitted on films held out of training ({named})"


def _head(study: Study) -> list[str]:
    lines = [
        *page_head(study),
        *sets_head(study),
        "Figures stand with their 95 % interval, drawn by bootstrap over patients. The networks' answers are "
        f"calibrated; {_voices(study.get('voices', {}))}. PPV and NPV hold at the stated prevalence only.",
        "",
    ]
    if len(study["sets"]) > 1:
        first, second = list(study["sets"])[:2]
        lines += [
            f"Change is {second} less {first}, two sets without a common patient: each interval's width gives a "
            "standard error, the two are added as squares, and 1.96 of them go to either side. Where the change's "
            "interval leaves out 0, the fall or rise is more than chance.",
            "",
        ]
    if study["published"]:
        lines += [
            f"Published: {study['published']['source']}. Those are other people's films, labels and prevalence: it "
            "shows the order of size, and no comparison can be drawn from it.",
            "",
        ]
    return lines


def _films(study: Study) -> list[str]:
    rows = []
    for name, found in study["sets"].items():
        classes = next(iter(found["answers"].values()))["classes"] if found["answers"] else {}
        mix = ", ".join(
            f"{one['prevalence'] * 100:.0f} % {class_title(label).lower()}" for label, one in classes.items()
        )
        rows.append((name, found["films"], found["limbs"], found["missed"], mix))
    return [
        "## Films",
        "",
        *_table(("set", "films", "limbs", "limbs not found or refused", "of those read"), rows),
    ]


def _overall(study: Study) -> list[str]:
    sets, published = study["sets"], study["published"]
    judges = _judges(study)
    names = list(sets)
    head = ["figure", "answer", *names, *(["change"] if len(names) > 1 else []), *(["published"] if published else [])]
    rows = []
    for key, title in OVERALL.items():
        for judge in judges:
            values = [_figure(sets[name]["answers"].get(judge, {}).get(key)) for name in names]
            row = [title, judge_title(judge), *map(_text, values)]
            row += [_signed(change(values[0], values[1]))] if len(names) > 1 else []
            if published:
                said = published["sets"] if judge == published["judge"] else {}
                row.append("; ".join(f"{one[key]:.3f} {name}" for name, one in said.items() if key in one))
            rows.append(row)
    return ["## Answers", "", *_table(head, rows), *_best(study), *_baselines(study)]


def _baselines(study: Study) -> list[str]:
    """What needs no anatomy at all: the figures that the networks have to beat."""
    sets = {name: found for name, found in study["sets"].items() if found.get("baselines")}
    if not sets:
        return []
    rows = []
    for key in ("accuracy", "balanced_accuracy"):
        for baseline in dict.fromkeys(one for found in sets.values() for one in found["baselines"]):
            values = [found["baselines"].get(baseline, {}).get(key) for found in sets.values()]
            rows.append((OVERALL[key], f"{baseline} alone", *(_text(_figure(one)) for one in values)))
        if key == "accuracy":
            most = [f"{max(one['prevalence'] for one in _classes(found).values()):.3f}" for found in sets.values()]
            rows.append((OVERALL[key], "always the commonest class", *most))
    return [
        "To beat: a logistic regression with classes weighted alike, fitted on four fifths of the persons of the set "
        "itself and asked about the rest, so that it knows more of the set than the networks do.",
        "",
        *_table(("figure", "answer", *sets), rows),
    ]


def _classes(found: Mapping[str, Any]) -> Mapping[str, Any]:
    return next(iter(found["answers"].values()))["classes"]


def _best(study: Study) -> list[str]:
    """Which network alone comes out first on the last set: the one that the networks knew least of."""
    name, found = list(study["sets"].items())[-1]
    alone = {
        judge: one["balanced_accuracy"]["value"]
        for judge, one in found["answers"].items()
        if judge != "joint" and one["balanced_accuracy"]["value"] is not None
    }
    if len(alone) < 2:
        return []
    order = sorted(alone, key=alone.__getitem__, reverse=True)
    ranks = ", ".join(f"{network_title(judge)} ({alone[judge]:.3f})" for judge in order)
    return [f"By balanced accuracy on the {name} set, best first: {ranks}.", ""]


def _by_class(study: Study) -> list[str]:
    sets, published = study["sets"], study["published"]
    names = list(sets)
    lines = ["## By class", ""]
    for judge in _judges(study):
        rows = []
        for label in study["labels"]:
            found = {name: sets[name]["answers"][judge]["classes"][label] for name in names}
            for name, one in found.items():
                cells = [_text(_figure(one[key])) for key in BY_CLASS]
                rows.append((class_title(label), name, f"{one['films']}", f"{one['prevalence'] * 100:.1f} %", *cells))
            if len(names) > 1:
                first, second = (found[name] for name in names[:2])
                cells = [_signed(change(_figure(first[key]), _figure(second[key]))) for key in BY_CLASS]
                rows.append((class_title(label), "change", "", "", *cells))
            if published and judge == published["judge"]:
                for name, said in published["sets"].items():
                    known = said.get("classes", {}).get(label)
                    if known:
                        cells = [f"{known[key]:.3f}" if key in known else "" for key in BY_CLASS]
                        rows.append((class_title(label), f"published, {name}", "", "", *cells))
        head = ("class", "set", "limbs", "prevalence", *BY_CLASS.values())
        lines += [f"### {judge_title(judge)}", "", *_table(head, rows)]
    return lines


def _differences(study: Study) -> list[str]:
    names = list(study["sets"])
    pairs = list(dict.fromkeys(pair for name in names for pair in study["sets"][name]["auc_differences"]))
    if not pairs:
        return []
    rows = []
    for pair in pairs:
        second, _, first = pair.partition(" over ")
        for label in study["labels"]:
            cells = []
            for name in names:
                one = study["sets"][name]["auc_differences"].get(pair, {}).get(label)
                figure = _figure(one["figure"]) if one else Figure(None, None, None)
                cells.append(_signed(figure) + (f", {_p(one['p'])}" if one and one["p"] is not None else ""))
            rows.append((f"{network_title(second)} over {network_title(first)}", class_title(label), *cells))
    return [
        "## One network against another",
        "",
        "How much more area under the ROC curve the first has than the second, on the same limbs, one a patient "
        "(DeLong et al., Biometrics 1988). p is two-sided and not corrected for the number of comparisons.",
        "",
        *_table(("networks", "class", *names), rows),
    ]


def _outlines(study: Study) -> list[str]:
    sets = study["sets"]
    drawn = [(name, network) for name, found in sets.items() for network in found["outlines"]]
    if not drawn:
        return []
    regions = list(dict.fromkeys(region for name, network in drawn for region in sets[name]["outlines"][network]))
    networks = list(dict.fromkeys(network for _, network in drawn))
    rows: list[Sequence[str]] = []
    for region in regions:
        for network in networks:
            about = (region_title(region), network_title(network))
            found = {name: one["outlines"].get(network, {}).get(region) for name, one in sets.items()}
            known = {name: {key: _figure(one[key]) for key in OUTLINES} for name, one in found.items() if one}
            for name, figures in known.items():
                cells = [_text(figure, DIGITS.get(key, 3)) for key, figure in figures.items()]
                rows.append((*about, name, str(found[name]["films"]), *cells))
            if len(known) > 1:
                first, second = list(known.values())[:2]
                cells = [_signed(change(first[key], second[key]), DIGITS.get(key, 3)) for key in OUTLINES]
                rows.append((*about, "change", "", *cells))
    return [
        "## Outlines",
        "",
        "Against the simulator's own masks, in the film's plane." if study["data"] == "virtual" else
        "Against the masks of the manifest, in the film's plane.",
        "The femur is counted within the square that is cut out around it; its shaft runs on below.",
        "",
        *_table(("region", "network", "set", "limbs", *OUTLINES.values()), rows),
    ]  # fmt: skip


def _judges(study: Study) -> list[str]:
    return list(dict.fromkeys(judge for found in study["sets"].values() for judge in found["answers"]))


def _picture(pictures: Mapping[str, str], what: str, caption: str) -> list[str]:
    return [f"![{caption}]({pictures[what]})", "", f"*{caption}.*", ""] if what in pictures else []


def _table(head: Sequence[str], rows: Iterable[Sequence[object]]) -> list[str]:
    """Cells that repeat the one above in the first columns are left empty, so that groups are seen."""
    lines = [f"| {' | '.join(head)} |", "|---" * len(head) + "|"]
    above: Sequence[object] = ()
    for row in rows:
        cells = list(map(str, row))
        for column in range(min(2, len(head) - 2)):
            if not above or row[column] != above[column]:
                break
            cells[column] = ""
        lines.append(f"| {' | '.join(cells)} |")
        above = row
    return [*lines, ""]


def _figure(values: Mapping[str, float | None] | None) -> Figure:
    return Figure(values["value"], values["low"], values["high"]) if values else Figure(None, None, None)


def _text(figure: Figure, digits: int = 3) -> str:
    if figure.value is None:
        return "not defined"
    return f"{figure.value:.{digits}f} ({figure.low:.{digits}f} to {figure.high:.{digits}f})"


def _signed(figure: Figure, digits: int = 3) -> str:
    if figure.value is None:
        return "not defined"
    return f"{figure.value:+.{digits}f} ({figure.low:+.{digits}f} to {figure.high:+.{digits}f})"


def _p(value: float) -> str:
    return "p < 0.001" if value < 0.001 else f"p = {value:.3f}"
