"""The three classes in their order, from dense to thin."""

from typing import Final

NORMAL: Final = "normal"
OSTEOPENIA: Final = "osteopenia"
OSTEOPOROSIS: Final = "osteoporosis"
CLASSES: Final = (NORMAL, OSTEOPENIA, OSTEOPOROSIS)
FRACTURE = "vertebral_fracture"  # a question about a spine; the other is OSTEOPOROSIS
