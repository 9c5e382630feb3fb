"""Plotly figures, dressed for the reading room."""

import plotly.graph_objects as go

from core.model_card import Figure
from present.colours import LINE, MUTED, TEXT, class_colour

STILL = {"displayModeBar": False, "staticPlot": True}  # for plotly's config: a figure to look at, not to play with


def figure_intervals(figures: tuple[Figure, ...]) -> go.Figure:
    """Measured figures as points with their 95 % intervals, one below the other, 0 to 1."""
    names = [figure_title(figure.name) for figure in figures]
    low = [figure.value - figure.interval[0] if figure.interval else 0 for figure in figures]
    high = [figure.interval[1] - figure.value if figure.interval else 0 for figure in figures]
    plot = go.Figure(
        go.Scatter(
            x=[figure.value for figure in figures],
            y=names,
            mode="markers",
            marker={"size": 9, "color": class_colour("normal")},
            error_x={"type": "data", "array": high, "arrayminus": low, "color": MUTED, "thickness": 2, "width": 5},
        )
    )
    _dress(plot, height=60 + 30 * len(figures))
    plot.update_xaxes(range=[0, 1], tickvals=[0, 0.25, 0.5, 0.75, 1])
    plot.update_yaxes(autorange="reversed", tickfont={"color": TEXT, "size": 13})
    return plot


def figure_title(name: str) -> str:
    """`auc_osteoporosis` as `AUC, osteoporosis`."""
    words = name.replace("-", "_").split("_")
    short = {"auc": "AUC", "auroc": "AUC", "ppv": "PPV", "npv": "NPV", "ece": "ECE", "iou": "IoU", "f1": "F1"}
    head = short.get(words[0], words[0].capitalize())
    if words[0] in ("auc", "auroc", "sensitivity", "specificity", "ppv", "npv") and len(words) > 1:
        return f"{head}, {' '.join(words[1:])}"
    return " ".join([head, *words[1:]])


def _dress(figure: go.Figure, height: int) -> None:
    figure.update_layout(
        height=height,
        margin={"l": 4, "r": 8, "t": 6, "b": 22},
        paper_bgcolor="rgba(0,0,0,0)",
        plot_bgcolor="rgba(0,0,0,0)",
        font={"family": "Source Sans, Source Sans Pro, sans-serif", "color": MUTED, "size": 12},
        uniformtext={"minsize": 11, "mode": "show"},
    )
    figure.update_xaxes(showgrid=True, gridcolor=LINE, zeroline=False, fixedrange=True)
    figure.update_yaxes(showgrid=False, fixedrange=True, automargin=True, ticklabelstandoff=8)
