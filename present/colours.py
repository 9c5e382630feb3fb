"""The colours of the reading room. Classes and regions use the Okabe-Ito palette, safe for colour-blind eyes."""

from core.labels import NORMAL, OSTEOPENIA, OSTEOPOROSIS

BACKGROUND = "#0f1317"
PANEL = "#171d23"
TEXT = "#dbe2e8"
MUTED = "#93a1ad"
LINE = "#2b343d"
ACCENT = "#6cb6c9"

CLASSES = {NORMAL: "#56b4e9", OSTEOPENIA: "#e69f00", OSTEOPOROSIS: "#d55e00"}
REGIONS = {
    "femoral_neck": "#56b4e9",
    "greater_trochanter": "#e69f00",
    "wards_triangle": "#f0e442",
    "total_hip": "#009e73",
    "femur": "#cc79a7",
}
OTHER_REGIONS = ("#d55e00", "#6cb6c9", "#dbe2e8")
GRADES = ("#56b4e9", "#f0e442", "#e69f00", "#ff6a3d")  # of a vertebral body, from whole to severely broken
NOT_GRADED = "#b9c4cd"

# Plasma (Smith & van der Walt, 2015), nine of its stops: luminance rises evenly, and it stays off grey, so that it
# is told apart from bone.
PLASMA = (
    (13, 8, 135), (76, 2, 161), (126, 3, 168), (169, 34, 150), (204, 71, 120),
    (230, 107, 93), (248, 149, 64), (253, 197, 39), (240, 249, 33),
)  # fmt: skip


def region_colour(name: str, place: int = 0) -> str:
    """A region's own colour, the same on every film; place: which one it is among regions that have none."""
    return REGIONS.get(name) or OTHER_REGIONS[place % len(OTHER_REGIONS)]


def rgb(colour: str) -> tuple[int, int, int]:
    """Red, green and blue of `#rrggbb`, 0 to 255."""
    red, green, blue = (int(colour[at : at + 2], 16) for at in (1, 3, 5))
    return red, green, blue


def class_colour(label: str) -> str:
    return CLASSES.get(label, ACCENT)


# Whoever drew on a film: colours of the same palette, with a dash each, so that no two are told apart by hue alone.
READERS = (("#56b4e9", ()), ("#e69f00", (7, 4)), ("#009e73", (2, 3)), ("#f0e442", (10, 3, 2, 3)))
MODEL = ("#cc79a7", (1.5, 4))
SETTLED = ("#ffffff", ())
