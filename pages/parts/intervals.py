"""Figures with their intervals as a chart, dressed for the reading room."""

from collections.abc import Sequence

import plotly.graph_objects as go

from present.colours import ACCENT, LINE, MUTED, TEXT
from report.screen import Figure

STILL = {"displayModeBar": False, "staticPlot": True}  # for plotly's config: a figure to look at, not to play with


def intervals(figures: Sequence[tuple[str, Figure]], title: str, low: float = 0, high: float = 1) -> go.Figure:
    """Each model's figure as a point with its 95 % interval, one below the other; those not defined are left out."""
    shown = [
        (model, one.value, one.low, one.high, one)
        for model, one in figures
        if one.value is not None and one.low is not None and one.high is not None
    ]
    low = min([low, *(least for _, _, least, _, _ in shown)])
    plot = go.Figure()
    for place, (model, value, least, most, one) in enumerate(shown):
        first = place == 0
        plot.add_scatter(
            x=[value],
            y=[model],
            mode="markers",
            marker={"size": 11 if first else 8, "color": ACCENT if first else MUTED},
            error_x={
                "type": "data",
                "array": [most - value],
                "arrayminus": [value - least],
                "color": ACCENT if first else MUTED,
                "thickness": 2,
                "width": 5,
            },
        )
        plot.add_annotation(
            x=1.0, xref="paper", xanchor="left", y=model, text=one.text(2), showarrow=False, xshift=10,
            font={"color": TEXT if first else MUTED, "size": 13},
        )  # fmt: skip
    plot.update_layout(
        height=64 + 32 * len(shown),
        margin={"l": 4, "r": 150, "t": 8, "b": 44},
        paper_bgcolor="rgba(0,0,0,0)",
        plot_bgcolor="rgba(0,0,0,0)",
        font={"family": "Source Sans, Source Sans Pro, sans-serif", "color": MUTED, "size": 13},
        showlegend=False,
    )
    plot.update_xaxes(
        range=[low - 0.02, high + 0.02], gridcolor=LINE, zeroline=False, title={"text": title, "standoff": 8}
    )
    plot.update_yaxes(autorange="reversed", automargin=True, tickfont={"color": TEXT}, ticklabelstandoff=10)
    return plot
