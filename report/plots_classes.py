"""Plots of the task `classes`: ROC curves, confusion matrices and reliability."""

from matplotlib.figure import Figure as Drawing

from core.titles import class_title, model_title
from evidence.record import FigureSet
from evidence.study import Study
from report.plotting import INK, LINES, MARKS, PANEL, RULE, STROKES, keyed, lettered, panels

FEWEST = 10  # limbs in a bin of confidence: the share right among fewer is mostly chance


def answered(study: Study) -> dict[str, FigureSet]:
    """The sets on which classes were measured."""
    return {name: one for name, one in study.evidence.sets.items() if one.answers}


def roc(study: Study) -> Drawing | None:
    """A row a set, a column a class, a line a model. None where the study lacks the points of the curves."""
    sets, labels = answered(study), study.facts.labels
    if not any(answer.roc for found in sets.values() for answer in found.answers.values()):
        return None
    plot, grid = panels(len(sets), len(labels), PANEL, PANEL, below=0.75)
    for row, (name, found) in enumerate(sets.items()):
        for column, label in enumerate(labels):
            panel = grid[row][column]
            panel.plot([0, 1], [0, 1], color=RULE, linewidth=1)
            for number, (model, answer) in enumerate(found.answers.items()):
                curve = answer.roc.get(label)
                if curve is not None and curve.auc is not None:
                    said = f"{model_title(model)} {curve.auc:.3f}"
                    panel.plot(
                        curve.false_positive, curve.true_positive, label=said,
                        color=LINES[number % len(LINES)], linestyle=STROKES[number % len(STROKES)], linewidth=1.5,
                    )  # fmt: skip
            panel.set(xlim=(-0.01, 1.01), ylim=(-0.01, 1.01), aspect="equal", title=f"{class_title(label)}, {name}")
            lettered(panel, "1 - specificity" if row == len(sets) - 1 else "", "sensitivity" if not column else "")
            if panel.get_legend_handles_labels()[0]:
                panel.legend(loc="lower right", fontsize=6.5, frameon=False, title="AUC", title_fontsize=6.5)
    return plot


def confusion(study: Study) -> Drawing:
    """A row a model, a column a set: limbs, and their share of the true class."""
    sets, labels = answered(study), study.facts.labels
    models = list(dict.fromkeys(model for found in sets.values() for model in found.answers))
    shape = (len(sets), len(models)) if len(models) <= 4 else (len(models), len(sets))
    plot, grid = panels(*shape, PANEL, PANEL * 0.92)
    for at, model in enumerate(models):
        for of, (name, found) in enumerate(sets.items()):
            panel = grid[of][at] if len(models) <= 4 else grid[at][of]
            if model not in found.answers:
                panel.set_axis_off()
                continue
            table = found.answers[model].confusion
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
            panel.set_title(f"{model_title(model)}, {name}")
            lettered(panel, "predicted class", "true class", ruled=False)
    return plot


def reliability(study: Study) -> Drawing | None:
    """A panel a set: the share correct among predictions of one confidence; larger marks stand for more limbs.
    None where the study lacks the bins."""
    sets = answered(study)
    if not any(answer.reliability for found in sets.values() for answer in found.answers.values()):
        return None
    plot, grid = panels(1, len(sets), PANEL * 1.25, PANEL * 1.25, beside=1.6)
    for panel, (name, found) in zip(grid[0], sets.items(), strict=True):
        panel.plot([0, 1], [0, 1], color=RULE, linewidth=1)
        for number, (model, answer) in enumerate(found.answers.items()):
            bins, colour = answer.reliability, LINES[number % len(LINES)]
            kept = [at for at, films in enumerate(bins.films) if films >= FEWEST] if bins else []
            if not bins or not kept:
                continue
            films = [bins.films[at] for at in kept]
            sure, right = ([values[at] for at in kept] for values in (bins.confidence, bins.right))
            panel.plot(
                sure, right, color=colour, linewidth=1.2, linestyle=STROKES[number % len(STROKES)],
                marker=MARKS[number % len(MARKS)], markersize=3, label=model_title(model),
            )  # fmt: skip
            sizes = [10 + 90 * one / max(films) for one in films]
            panel.scatter(sure, right, s=sizes, color=colour, alpha=0.25, linewidths=0)
        panel.set(xlim=(0, 1.02), ylim=(-0.02, 1.02), aspect="equal", title=name.capitalize())
        lettered(panel, "predicted probability", "share correct" if panel is grid[0][0] else "")
    return keyed(plot, grid[0][0])
