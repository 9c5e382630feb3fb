"""Plots of incident fractures by score: Kaplan-Meier curves, hazard ratios, decision curves."""

from collections.abc import Mapping
from typing import Any

from matplotlib.figure import Figure as Drawing

from core.titles import score_title
from evidence.figure import p_text
from report.plotting import INK, LINES, PANEL, QUIET, RULE, STROKES, lettered, panels

Study = Mapping[str, Any]
SHADE = ("#56b4e9", "#0072b2", "#d55e00")  # from the lowest third to the highest


def draw(study: Study) -> dict[str, Drawing]:
    """Every picture by what it shows."""
    plots = {"kaplan_meier": kaplan_meier(study), "hazard_ratios": hazard_ratios(study)}
    if any("decision_curve" in one for one in study["scores"].values()):
        plots["decision_curve"] = decision_curves(study)
    return plots


def kaplan_meier(study: Study) -> Drawing:
    """A panel a score: share without a fracture by thirds, with bands, and how many were still followed below."""
    scores = study["scores"]
    plot, grid = panels(1, len(scores), PANEL * 1.5, PANEL * 1.45, below=0.3)
    lowest = min(min(c["low"]) for one in scores.values() for c in one["kaplan_meier"]["curves"].values())
    for panel, (name, one) in zip(grid[0], scores.items(), strict=True):
        found = one["kaplan_meier"]
        for number, (third, curve) in enumerate(found["curves"].items()):
            panel.fill_between(
                curve["years"], curve["low"], curve["high"], step="post", color=SHADE[number], alpha=0.15, linewidth=0
            )
            panel.step(
                curve["years"], curve["surviving"], where="post", color=SHADE[number], linestyle=STROKES[number],
                linewidth=1.5, label=f"{third}: {curve['fractures']} / {curve['people']}",
            )  # fmt: skip
        panel.set(xlim=(0, max(found["marks"])), ylim=(max(0.0, lowest - 0.02), 1.005))
        panel.set_title(f"{score_title(name)}, log-rank p {p_text(found['p'])}")
        lettered(panel, "", "fracture-free" if panel is grid[0][0] else "")
        panel.legend(loc="lower left", fontsize=7, frameon=False, title="fractures / patients", title_fontsize=7)
        panel.set_xticks(found["marks"])
        panel.text(0, -0.11, "at risk", transform=panel.transAxes, fontsize=6.5, color=QUIET)
        for number, curve in enumerate(found["curves"].values()):
            for mark, count in zip(found["marks"], curve["still_followed"], strict=True):
                panel.annotate(
                    str(count), (mark, -0.155 - 0.045 * number), xycoords=("data", "axes fraction"), ha="center",
                    va="center", fontsize=6, color=SHADE[number], annotation_clip=False,
                )  # fmt: skip
        panel.text(0.5, -0.31, "years since the film", transform=panel.transAxes, fontsize=8, color=QUIET, ha="center")
    return plot


def hazard_ratios(study: Study) -> Drawing:
    """Hazard ratio per standard deviation of each score, crude and adjusted."""
    rows = [
        (f"{score_title(name)}, {how}", ratio)
        for name, one in study["scores"].items()
        for how, ratio in one["hazard_ratio"].items()
    ]
    plot, grid = panels(1, 1, PANEL * 2, 0.7 + 0.34 * len(rows))
    panel = grid[0][0]
    panel.axvline(1, color=RULE, linewidth=1)
    for place, (_, ratio) in enumerate(rows):
        panel.errorbar(
            ratio["value"], place, xerr=[[ratio["value"] - ratio["low"]], [ratio["high"] - ratio["value"]]], fmt="o",
            color=INK if place % 2 == 0 else LINES[1], capsize=3, markersize=5,
        )  # fmt: skip
    panel.set_yticks(range(len(rows)), [said for said, _ in rows])
    low, high = min(ratio["low"] for _, ratio in rows), max(ratio["high"] for _, ratio in rows)
    panel.set_xscale("log")
    ticks = [tick for tick in (0.5, 0.75, 1, 1.25, 1.5, 2, 3, 4, 6) if min(low, 0.9) * 0.9 <= tick <= high * 1.15]
    panel.set_xticks(ticks, [f"{tick:g}" for tick in ticks])
    panel.minorticks_off()
    panel.set(ylim=(len(rows) - 0.5, -0.5), xlim=(min(low, 0.9) * 0.92, high * 1.1), title="")
    lettered(panel, "hazard ratio per standard deviation of the score, 95 % interval", "")
    return plot


def decision_curves(study: Study) -> Drawing:
    """A panel a score: net benefit of treating by risk with and without it, everyone and no one."""
    scores = {name: one for name, one in study["scores"].items() if "decision_curve" in one}
    plot, grid = panels(1, len(scores), PANEL * 1.5, PANEL * 1.3)
    said = {"without": "clinical factors", "with": "with the score", "everyone": "treat everyone"}
    colours = {"without": LINES[1], "with": LINES[2], "everyone": QUIET}
    for panel, (name, one) in zip(grid[0], scores.items(), strict=True):
        curve = one["decision_curve"]
        panel.axhline(0, color=INK, linewidth=0.8, label="treat no one")
        for number, (which, label) in enumerate(said.items()):
            known = [
                (at, found) for at, found in zip(curve["threshold"], curve[which], strict=True)
                if found["value"] is not None
            ]  # fmt: skip
            at = [threshold for threshold, _ in known]
            panel.plot(
                at, [found["value"] for _, found in known], color=colours[which], linestyle=STROKES[number + 1],
                linewidth=1.5, label=label,
            )  # fmt: skip
            if which != "everyone":
                low, high = ([found[end] for _, found in known] for end in ("low", "high"))
                panel.fill_between(at, low, high, color=colours[which], alpha=0.12, linewidth=0)
        highest = max(found["high"] or 0 for found in (*curve["with"], *curve["without"]))
        panel.set(xlim=(curve["threshold"][0], curve["threshold"][-1]), ylim=(-0.03, highest * 1.1 + 0.01))
        panel.set_title(score_title(name))
        across = f"threshold: {study['horizon']:g}-year fracture risk above which one treats"
        lettered(panel, across, "net benefit" if panel is grid[0][0] else "")
        panel.legend(loc="upper right", fontsize=7, frameon=False)
    return plot
