"""Plotly figures, dressed for the reading room."""

from collections.abc import Sequence

import plotly.graph_objects as go

from present.colours import ACCENT, LINE, MUTED, TEXT
from present.measured import Figure

STILL = {"displayModeBar": False, "staticPlot": True}  # for plotly's config: a figure to look at, not to play with


def intervals(figures: Sequence[Figure], title: str, low: float = 0, high: float = 1) -> go.Figure:
    """Measured figures as points with their 95 % intervals, one below the other; those not defined are left out."""
    shown = [one for one in figures if one.value is not None and one.low is not None and one.high is not None]
    low = min([low, *(one.low for one in shown if one.low is not None)])
    plot = go.Figure()
    for place, one in enumerate(shown):
        assert one.value is not None
        assert one.low is not None
        assert one.high is not None
        first = place == 0
        plot.add_scatter(
            x=[one.value],
            y=[one.judge],
            mode="markers",
            marker={"size": 11 if first else 8, "color": ACCENT if first else MUTED},
            error_x={
                "type": "data",
                "array": [one.high - one.value],
                "arrayminus": [one.value - one.low],
                "color": ACCENT if first else MUTED,
                "thickness": 2,
                "width": 5,
            },
        )
        plot.add_annotation(
            x=1.0, xref="paper", xanchor="left", y=one.judge, text=str(one), showarrow=False, xshift=10,
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
