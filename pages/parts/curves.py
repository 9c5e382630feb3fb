"""How a training's losses and figures go, epoch by epoch, as charts dressed for the reading room."""

from collections.abc import Mapping
from typing import Any

import plotly.graph_objects as go

from present.colours import ACCENT, LINE, MUTED, TEXT
from present.training import figure_title, named

COLOURS = (ACCENT, "#e69f00", "#cc79a7", "#009e73", "#f0e442", "#d55e00")
SHARES = ("accuracy", "dice", "probability_of_the_truth")  # from 0 to 1
LOSS, HELD_OUT = "loss", "held_out_loss"


def curves(networks: Mapping[str, Mapping[str, Any]]) -> dict[str, go.Figure]:
    """Charts by title: losses of every network, and each other figure on the films held out, where there is any."""
    names = dict.fromkeys(name for one in networks.values() for point in one["curve"] for name in point)
    figures = [name for name in names if name not in (LOSS, HELD_OUT, "epoch", "at")]
    shown = {}
    if LOSS in names:
        shown["Loss: films learned from dotted, films held out solid"] = _chart(
            networks, {LOSS: "dot", HELD_OUT: "solid"}
        )
    for name in figures:
        shown[f"{figure_title(name)}, films held out"] = _chart(networks, {name: "solid"})
    return shown


def _chart(networks: Mapping[str, Mapping[str, Any]], lines: Mapping[str, str]) -> go.Figure:
    plot = go.Figure()
    most = 1
    for place, (network, told) in enumerate(networks.items()):
        colour = COLOURS[place % len(COLOURS)]
        for name, dash in lines.items():
            points = [(point["epoch"], point[name]) for point in told["curve"] if name in point]
            if not points:
                continue
            most = max(most, told["of"])
            last = name == list(lines)[-1] or not any(list(lines)[-1] in point for point in told["curve"])
            plot.add_scatter(
                x=[epoch for epoch, _ in points],
                y=[value for _, value in points],
                mode="lines+markers" if len(points) < 25 else "lines",
                name=named(network),
                legendgroup=network,
                showlegend=last,
                line={"color": colour, "dash": dash, "width": 2},
                marker={"size": 6},
                hovertemplate=f"{named(network)}, epoch %{{x}}: %{{y:.4f}}<extra></extra>",
            )
    plot.update_layout(
        height=260,
        margin={"l": 4, "r": 8, "t": 8, "b": 40},
        paper_bgcolor="rgba(0,0,0,0)",
        plot_bgcolor="rgba(0,0,0,0)",
        font={"family": "Source Sans, Source Sans Pro, sans-serif", "color": MUTED, "size": 13},
        legend={"orientation": "h", "y": -0.28, "font": {"color": TEXT}},
        showlegend=True,
        uirevision="training",  # a refresh leaves what was zoomed or hidden as it is
    )
    plot.update_xaxes(range=[0.5, most + 0.5], gridcolor=LINE, zeroline=False, title={"text": "Epoch", "standoff": 4},
                      dtick=1 if most <= 12 else None)  # fmt: skip
    share = all(name in SHARES for name in lines)
    plot.update_yaxes(gridcolor=LINE, zeroline=False, automargin=True, range=[-0.02, 1.02] if share else None)
    return plot
