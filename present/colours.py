"""The colours of the reading room. Classes and regions use the Okabe-Ito palette, safe for colour-blind eyes."""

from core.labels import NORMAL, OSTEOPENIA, OSTEOPOROSIS

BACKGROUND = "#0f1317"
PANEL = "#171d23"
TEXT = "#dbe2e8"
MUTED = "#93a1ad"
LINE = "#2b343d"
ACCENT = "#6cb6c9"

CLASSES = {NORMAL: "#56b4e9", OSTEOPENIA: "#e69f00", OSTEOPOROSIS: "#d55e00"}
REGIONS = ("#56b4e9", "#e69f00", "#009e73", "#cc79a7", "#f0e442", "#0072b2", "#d55e00")

# Plasma (Smith & van der Walt, 2015), nine of its stops: luminance rises evenly, and it stays off grey, so that it
# is told apart from bone.
PLASMA = (
    (13, 8, 135), (76, 2, 161), (126, 3, 168), (169, 34, 150), (204, 71, 120),
    (230, 107, 93), (248, 149, 64), (253, 197, 39), (240, 249, 33),
)  # fmt: skip


def class_colour(label: str) -> str:
    return CLASSES.get(label, ACCENT)
