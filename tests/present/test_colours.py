import pytest

from present.colours import BACKGROUND, CLASSES, MUTED, PANEL, TEXT


def luminance(colour: str) -> float:
    """Relative luminance, WCAG 2."""
    parts = [int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5)]
    linear = [part / 12.92 if part <= 0.03928 else ((part + 0.055) / 1.055) ** 2.4 for part in parts]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def contrast(one: str, other: str) -> float:
    bright, dark = sorted((luminance(one), luminance(other)), reverse=True)
    return (bright + 0.05) / (dark + 0.05)


@pytest.mark.parametrize("ground", [BACKGROUND, PANEL])
def test_text_can_be_read_on_every_ground(ground: str) -> None:
    assert contrast(TEXT, ground) > 7
    assert contrast(MUTED, ground) > 4.5


@pytest.mark.parametrize("colour", CLASSES.values(), ids=CLASSES)
def test_each_class_stands_out_from_the_ground(colour: str) -> None:
    assert contrast(colour, BACKGROUND) > 3
