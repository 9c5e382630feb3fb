"""Plots of the task `density`: agreement with the truth, projections, and repeatability."""

from collections.abc import Sequence
from typing import Any

import numpy as np
from matplotlib.figure import Figure as Drawing
from matplotlib.ticker import MaxNLocator

from core.titles import region_title
from evidence.figure import Figure
from evidence.study import Study
from report.plotting import INK, LINES, MARKS, QUIET, RULE

SHOWN = ("total_hip", "femoral_neck")
PANEL = 3.1  # inches


def agreement(study: Study) -> Drawing | None:
    """A row a set; for each region shown, predictions against the truth, and Bland-Altman plots. None where the
    study lacks the points."""
    sets = {name: one for name, one in study.evidence.sets.items() if one.regions}
    regions = [
        region for region in SHOWN if all(region in one.regions and one.regions[region].truth for one in sets.values())
    ]
    if not regions:
        return None
    wide = 2 * len(regions)
    plot = Drawing(figsize=(PANEL * wide, PANEL * len(sets)), layout="constrained")
    panels = plot.subplots(len(sets), wide, squeeze=False)
    for row, (name, found) in enumerate(sets.items()):
        for column, region in enumerate(regions):
            one = found.regions[region]
            truth, answer = np.array(one.truth), np.array(one.answer)
            left, right = panels[row][2 * column], panels[row][2 * column + 1]
            ends = (min(truth.min(), answer.min()) - 0.03, max(truth.max(), answer.max()) + 0.03)
            left.plot(ends, ends, color=RULE, linewidth=1)
            left.scatter(truth, answer, s=5, color=LINES[1], alpha=0.35, linewidths=0)
            left.set(xlim=ends, ylim=ends, aspect="equal", xlabel="truth, g/cm²", ylabel="prediction, g/cm²")
            left.set_title(f"{region_title(region)}, {name}: r {_value(one.r):.3f}", fontsize=9, color=INK)
            bias, limits = _value(one.bias), _value(one.limits)
            right.scatter((truth + answer) / 2, answer - truth, s=5, color=LINES[1], alpha=0.35, linewidths=0)
            for level, stroke in ((bias, "-"), (bias - limits, "--"), (bias + limits, "--")):
                right.axhline(level, color=LINES[2], linewidth=1.2, linestyle=stroke)
            right.set(xlim=ends, xlabel="mean of both, g/cm²", ylabel="prediction minus truth, g/cm²")
            reach = max(0.25, 1.1 * float(np.abs(answer - truth).max()))
            right.set_ylim(-reach, reach)
            right.set_title(f"bias {bias:+.3f}, ± {limits:.3f}", fontsize=9, color=INK)
            for panel in (left, right):
                panel.tick_params(labelsize=7, colors=QUIET)
                panel.xaxis.label.set_size(8)
                panel.yaxis.label.set_size(8)
    return plot


def projections(study: Study, of: str) -> Drawing | None:
    """The limbs of one set whose projection is most, middling and least like the truth: film, projection, truth,
    difference. None where fewer than three were compared."""
    limbs: Sequence[Any] = study.pictured.get(of, ())
    if len(limbs) < 3:
        return None
    order = sorted(limbs, key=lambda one: -one.likeness)
    rows = {"best": order[0], "median": order[len(order) // 2], "worst": order[-1]}
    plot = Drawing(figsize=(2.4 * 4 + 1.4, 2.5 * 3), layout="constrained")
    panels = plot.subplots(3, 4, squeeze=False)
    top = max(float(one.truth.max()) for one in rows.values())
    for row, (name, one) in enumerate(rows.items()):
        drawn, truth = one.drawn.astype(np.float32), one.truth.astype(np.float32)
        panels[row][0].imshow(one.film.astype(np.float32), cmap="gray", vmin=0, vmax=1)
        shown = panels[row][1].imshow(drawn, cmap="plasma", vmin=0, vmax=top)
        panels[row][2].imshow(truth, cmap="plasma", vmin=0, vmax=top)
        gap = panels[row][3].imshow(drawn - truth, cmap="RdBu_r", vmin=-1, vmax=1)
        panels[row][0].set_ylabel(f"{name}\nSSIM {one.likeness:.3f}, r {one.r:.3f}", fontsize=9, color=INK)
        for panel in panels[row]:
            panel.set(xticks=[], yticks=[])
    titles = ("film", "virtual projection", "truth", "projection minus truth")
    for panel, title in zip(panels[0], titles, strict=True):
        panel.set_title(title, fontsize=9, color=INK)
    for mapped, columns in ((shown, panels[:, 1:3]), (gap, panels[:, 3])):
        bar = plot.colorbar(mapped, ax=columns, orientation="horizontal", fraction=0.03, pad=0.02)
        bar.set_label("g/cm²", fontsize=8)
        bar.ax.tick_params(labelsize=7)
        bar.locator = MaxNLocator(5)
    return plot


def again(study: Study) -> Drawing:
    """A column a scanner: root mean square error by JPEG quality (above) and by dose (below), a line a region."""
    scanners = study.again
    plot = Drawing(figsize=(4.4 * len(scanners), 5.6), layout="constrained")
    panels = plot.subplots(2, len(scanners), squeeze=False)
    for column, (scanner, one) in enumerate(scanners.items()):
        for row, (key, title) in enumerate((("jpeg", "JPEG quality"), ("dose", "dose, share of the scanner's"))):
            panel = panels[row][column]
            for number, (region, found) in enumerate(one.regions.items()):
                steps = [step for step in getattr(found, key) if step.rmse is not None]
                panel.plot(
                    [step.step for step in steps], [step.rmse for step in steps],
                    color=LINES[number % len(LINES)], marker=MARKS[number % len(MARKS)], markersize=4, linewidth=1.3,
                    label=region_title(region),
                )  # fmt: skip
            panel.set_ylim(bottom=0)
            panel.set_xlabel(title, fontsize=8)
            panel.set_ylabel("RMSE, g/cm²", fontsize=8)
            panel.tick_params(labelsize=7, colors=QUIET)
            panel.invert_xaxis()
            if key == "dose":
                panel.set_xscale("log")
                doses = [step.step for step in next(iter(one.regions.values())).dose]
                panel.set_xticks(doses, [f"{dose:g}" for dose in doses])
                panel.set_xticks([], minor=True)
            panel.grid(color=RULE, linewidth=0.5)
            panel.set_title(f"scanner {scanner}", fontsize=9, color=INK)
    panels[0][0].legend(fontsize=7, frameon=False)
    return plot


def _value(figure: Figure | None) -> float:
    """NaN where it is not defined."""
    return figure.value if figure and figure.value is not None else float("nan")
