"""Pictures of a study's figures, for paper and for pages of either ground: dark ink on white."""

import io
from collections.abc import Mapping
from typing import Any

from matplotlib.axes import Axes
from matplotlib.figure import Figure

from present.wording import class_title, judge_title, network_title, region_title

INK, QUIET, RULE = "#1f2933", "#5b6873", "#d5dbe0"
# Okabe and Ito (2008), less its yellow, which is lost on white; the joint answer is the black one.
LINES = ("#000000", "#0072b2", "#d55e00", "#009e73", "#cc79a7", "#56b4e9", "#e69f00")
STROKES = ("-", "-", "--", "-.", ":", (0, (5, 1, 1, 1, 1, 1)), (0, (1, 1)))
MARKS = ("o", "s", "^", "D", "v", "P", "X")
PANEL = 3.1  # inches
FEWEST = 10  # limbs in a bin of confidence: the share of fewer right answers is mostly chance

Study = Mapping[str, Any]


def draw(study: Study) -> dict[str, Figure]:
    """Every picture that the study's figures allow, by what it shows."""
    plots: dict[str, Figure] = {}
    if any(found["answers"] for found in study["sets"].values()):
        plots |= {"roc": roc(study), "confusion": confusion(study), "reliability": reliability(study)}
    if any(found["outlines"] for found in study["sets"].values()):
        plots["outlines"] = outlines(study)
    return plots


def png(plot: Figure) -> bytes:
    """A picture as PNG, without a word on the program that made it."""
    file = io.BytesIO()
    plot.savefig(file, format="png", dpi=120, facecolor="white", metadata={"Software": None})
    return file.getvalue()


def roc(study: Study) -> Figure:
    """A row a set, a column a class, a line an answer."""
    sets, labels = study["sets"], study["labels"]
    plot, grid = panels(len(sets), len(labels), PANEL, PANEL, below=0.75)
    for row, (name, found) in enumerate(sets.items()):
        for column, label in enumerate(labels):
            panel = grid[row][column]
            panel.plot([0, 1], [0, 1], color=RULE, linewidth=1)
            for number, (judge, answer) in enumerate(found["answers"].items()):
                curve = answer["roc"][label]
                if curve["auc"] is not None:
                    said = f"{judge_title(judge)} {curve['auc']:.3f}"
                    panel.plot(
                        curve["false_positive"], curve["true_positive"], label=said,
                        color=LINES[number % len(LINES)], linestyle=STROKES[number % len(STROKES)], linewidth=1.5,
                    )  # fmt: skip
            panel.set(xlim=(-0.01, 1.01), ylim=(-0.01, 1.01), aspect="equal", title=f"{class_title(label)}, {name}")
            lettered(panel, "1 - specificity" if row == len(sets) - 1 else "", "sensitivity" if not column else "")
            if panel.get_legend_handles_labels()[0]:
                panel.legend(loc="lower right", fontsize=6.5, frameon=False, title="AUC", title_fontsize=6.5)
    return plot


def confusion(study: Study) -> Figure:
    """A row an answer, a column a set: limbs, and their share of the true class."""
    sets, labels = study["sets"], study["labels"]
    judges = list(dict.fromkeys(judge for found in sets.values() for judge in found["answers"]))
    shape = (len(sets), len(judges)) if len(judges) <= 4 else (len(judges), len(sets))
    plot, grid = panels(*shape, PANEL, PANEL * 0.92)
    for at, judge in enumerate(judges):
        for of, (name, found) in enumerate(sets.items()):
            panel = grid[of][at] if len(judges) <= 4 else grid[at][of]
            if judge not in found["answers"]:
                panel.set_axis_off()
                continue
            table = found["answers"][judge]["confusion"]
            shares = [[count / max(1, sum(row)) for count in row] for row in table]
            panel.imshow(shares, cmap="Blues", vmin=0, vmax=1)
            for truth, row in enumerate(table):
                for answer, count in enumerate(row):
                    share = shares[truth][answer]
                    panel.text(
                        answer, truth, f"{count}\n{share:.0%}".replace("%", " %"), ha="center", va="center",
                        fontsize=8, color="white" if share > 0.55 else INK,
                    )  # fmt: skip
            titles = [class_title(label) for label in labels]
            panel.set_xticks(range(len(labels)), titles, fontsize=7)
            panel.set_yticks(range(len(labels)), titles, fontsize=7, rotation=90, va="center")
            panel.set_title(f"{judge_title(judge)}, {name}")
            lettered(panel, "answer", "truth", ruled=False)
    return plot


def reliability(study: Study) -> Figure:
    """A panel a set: the share of right answers among those of one confidence; larger marks stand for more limbs."""
    sets = study["sets"]
    plot, grid = panels(1, len(sets), PANEL * 1.25, PANEL * 1.25, beside=1.6)
    for panel, (name, found) in zip(grid[0], sets.items(), strict=True):
        panel.plot([0, 1], [0, 1], color=RULE, linewidth=1)
        for number, (judge, answer) in enumerate(found["answers"].items()):
            bins, colour = answer["reliability"], LINES[number % len(LINES)]
            kept = [at for at, films in enumerate(bins["films"]) if films >= FEWEST]
            films, sure, right = ([bins[key][at] for at in kept] for key in ("films", "confidence", "right"))
            panel.plot(
                sure, right, color=colour, linewidth=1.2, linestyle=STROKES[number % len(STROKES)],
                marker=MARKS[number % len(MARKS)], markersize=3, label=judge_title(judge),
            )  # fmt: skip
            sizes = [10 + 90 * one / max(films) for one in films]
            panel.scatter(sure, right, s=sizes, color=colour, alpha=0.25, linewidths=0)
        panel.set(xlim=(0, 1.02), ylim=(-0.02, 1.02), aspect="equal", title=name.capitalize())
        lettered(panel, "probability of the answer", "share right" if panel is grid[0][0] else "")
    return _keyed(plot, grid[0][0])


def outlines(study: Study) -> Figure:
    """A panel a set: IoU by region, a mark a network, with its interval."""
    sets = study["sets"]
    known = [regions for found in sets.values() for regions in found["outlines"].values()]
    regions = list(dict.fromkeys(region for one in known for region in one))
    plot, grid = panels(1, len(sets), PANEL * 1.3, 1.1 + 0.5 * len(regions), beside=1.1)
    for panel, (name, found) in zip(grid[0], sets.items(), strict=True):
        networks = list(found["outlines"])
        for number, network in enumerate(networks):
            for place, region in enumerate(regions):
                iou = found["outlines"][network].get(region, {}).get("iou", {})
                if iou.get("value") is None:
                    continue
                panel.errorbar(
                    iou["value"], place + 0.22 * (number - (len(networks) - 1) / 2),
                    xerr=[[iou["value"] - iou["low"]], [iou["high"] - iou["value"]]], fmt=MARKS[number % len(MARKS)],
                    color=LINES[number + 1], markersize=5, capsize=3, linewidth=1.4,
                    label=network_title(network) if place == 0 else None,
                )  # fmt: skip
        panel.set_yticks(range(len(regions)), [region_title(region) for region in regions])
        panel.set(xlim=(0, 1), ylim=(len(regions) - 0.5, -0.5), title=name.capitalize())
        lettered(panel, "IoU", "")
    return _keyed(plot, grid[0][0])


def panels(
    rows: int, columns: int, wide: float, high: float, below: float = 0.5, beside: float = 0.5
) -> tuple[Figure, list[list[Axes]]]:
    """A picture of so many panels, each so many inches; below, beside: room for a key."""
    plot = Figure(figsize=(columns * wide + beside, rows * high + below), layout="constrained")
    return plot, plot.subplots(rows, columns, squeeze=False).tolist()


def _keyed(plot: Figure, panel: Axes) -> Figure:
    """One key beside all panels, where it covers nothing."""
    plot.legend(*panel.get_legend_handles_labels(), loc="outside right upper", fontsize=7, frameon=False)
    return plot


def lettered(panel: Axes, across: str, up: str, ruled: bool = True) -> None:
    """Axes named, rules and ticks in the quiet ink."""
    panel.set_xlabel(across, fontsize=8, color=QUIET)
    panel.set_ylabel(up, fontsize=8, color=QUIET)
    panel.title.set(fontsize=9, color=INK)
    panel.tick_params(colors=QUIET, labelsize=7, length=2.5)
    for name, spine in panel.spines.items():
        spine.set(color=RULE, visible=ruled and name in ("left", "bottom"))
    if ruled:
        panel.grid(color=RULE, linewidth=0.4)
        panel.set_axisbelow(True)
