"""Landmarks of a manifest's row."""

import json

from core.example import Example


def landmarks_of(example: Example) -> dict[str, tuple[float, float]]:
    """Landmarks of a row on its film, the middle of the first pixel at 0.5; none where there are none."""
    known = example.others.get("landmarks")
    return {name: (x + 0.5, y + 0.5) for name, (x, y) in json.loads(known).items()} if known else {}
