"""What all plots share: dark ink on white, colours that colour-blind readers tell apart, panels and axes."""

import io

from matplotlib.axes import Axes
from matplotlib.figure import Figure as Drawing

INK, QUIET, RULE = "#1f2933", "#5b6873", "#d5dbe0"
# Okabe and Ito (2008) without its yellow, which is lost on white; the ensemble is the black one.
LINES = ("#000000", "#0072b2", "#d55e00", "#009e73", "#cc79a7", "#56b4e9", "#e69f00")
STROKES = ("-", "-", "--", "-.", ":", (0, (5, 1, 1, 1, 1, 1)), (0, (1, 1)))
MARKS = ("o", "s", "^", "D", "v", "P", "X")
PANEL = 3.1  # inches


def png(plot: Drawing) -> bytes:
    """A picture as PNG, without a word on the program that made it."""
    file = io.BytesIO()
    plot.savefig(file, format="png", dpi=120, facecolor="white", metadata={"Software": None})
    return file.getvalue()


def panels(
    rows: int, columns: int, wide: float, high: float, below: float = 0.5, beside: float = 0.5
) -> tuple[Drawing, list[list[Axes]]]:
    """A picture of so many panels, each so many inches; below, beside: room for a key."""
    plot = Drawing(figsize=(columns * wide + beside, rows * high + below), layout="constrained")
    return plot, plot.subplots(rows, columns, squeeze=False).tolist()


def keyed(plot: Drawing, panel: Axes) -> Drawing:
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
