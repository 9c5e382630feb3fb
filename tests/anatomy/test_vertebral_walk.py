"""Going on along a row of bodies: what is found there, and what ends the walk."""

from collections.abc import Callable

import numpy as np
import pytest
import torch

from anatomy import vertebral_walk
from anatomy.vertebral_walk import walk
from core.radiograph import Radiograph
from core.vertebra import LEVELS
from imaging.crop import Box
from models.bundle import Node

DEPTH, STEP = 40.0, 38.0
BODY = np.array([[-20, -15], [0, -14], [20, -15], [-20, 15], [0, 14], [20, 15]], float)
FILM = Radiograph(np.zeros((420, 160), np.float32), "case")
SPINE = {level: BODY + np.array((80, 390 - STEP * number)) for number, level in enumerate(LEVELS)}  # L5 at the bottom


def going(monkeypatch: pytest.MonkeyPatch, known: list[str], sees: Callable[[Box], tuple[np.ndarray, float]]) -> dict:
    monkeypatch.setattr(vertebral_walk, "look_at", lambda _film, box, *_: sees(box))
    row = {level: (SPINE[level], 0.8) for level in known}
    closer: Node = None  # type: ignore[assignment]
    return walk(FILM, row, LEVELS, closer, torch.device("cpu"))


def nearest(box: Box) -> tuple[np.ndarray, float]:
    """A network that sees whichever body lies nearest to the middle of the square."""
    return min(SPINE.values(), key=lambda points: float(np.linalg.norm(points.mean(0) - box.centre_xy))), 0.9


@pytest.mark.parametrize("known", [["L4", "L3"], ["L5", "L2"], ["T11", "T10"], ["L5", "T10"]])
def test_every_body_is_found_up_down_and_in_gaps(known: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
    found = going(monkeypatch, known, nearest)
    assert tuple(found) == LEVELS
    for level in LEVELS:
        assert found[level][0] == pytest.approx(SPINE[level])
        assert found[level][1] == (0.8 if level in known else 0.9)


def test_the_walk_ends_where_nothing_is_sure(monkeypatch: pytest.MonkeyPatch) -> None:
    def dim(box: Box) -> tuple[np.ndarray, float]:
        points, _ = nearest(box)
        return points, 0.9 if points[:, 1].mean() > 250 else 0.1

    assert tuple(going(monkeypatch, ["L5", "L4"], dim)) == ("L5", "L4", "L3", "L2")


def test_a_body_seen_twice_is_not_named_twice(monkeypatch: pytest.MonkeyPatch) -> None:
    assert tuple(going(monkeypatch, ["L3", "L2"], lambda _: (SPINE["L2"], 0.9))) == ("L3", "L2")


def test_a_body_beyond_the_film_is_not_found(monkeypatch: pytest.MonkeyPatch) -> None:
    short = {level: points - np.array((0, 150)) for level, points in SPINE.items()}  # T10 to T12 lie above the film

    def seen(box: Box) -> tuple[np.ndarray, float]:
        return min(short.values(), key=lambda points: float(np.linalg.norm(points.mean(0) - box.centre_xy))), 0.9

    monkeypatch.setattr(vertebral_walk, "look_at", lambda _film, box, *_: seen(box))
    row = {level: (short[level], 0.8) for level in ("L5", "L4")}
    found = walk(FILM, row, LEVELS, None, torch.device("cpu"))  # type: ignore[arg-type]
    assert tuple(found) == ("L5", "L4", "L3", "L2", "L1", "T12")
