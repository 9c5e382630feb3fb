"""A closer look at one body: the square around it, and whose word stands."""

from collections.abc import Callable

import numpy as np
import pytest
import torch

from anatomy.vertebral_body import AROUND, box_around, is_whole, look_closer
from core.radiograph import Radiograph
from core.vertebra import POINTS
from imaging.preprocess import Preprocess
from models import engine
from models.bundle import Node
from models.networks import build

SIZE = 96
BODY = np.array([[80, 100], [100, 101], [120, 100], [80, 130], [100, 129], [120, 130]], float)


def film() -> Radiograph:
    return Radiograph(np.random.default_rng(0).random((240, 200), np.float32), "case")


def closer() -> Node:
    options = {"features": [4, 4, 8, 8, 8, 8], "fold": 2}
    inputs = Preprocess((SIZE, SIZE)).to_dict()
    return Node("bodies", "landmarks", "u_net", options, inputs, POINTS, build("u_net", 6, options))


def looked(monkeypatch: pytest.MonkeyPatch, seen: Callable[[], np.ndarray], sure: float) -> tuple[np.ndarray, float]:
    monkeypatch.setattr(engine, "find", lambda *_: (seen().astype(np.float32), np.full(6, sure, np.float32)))
    return look_closer(film(), {"L3": (BODY, 0.7)}, closer(), torch.device("cpu"))["L3"]


def on_square(points: np.ndarray) -> np.ndarray:
    return np.asarray(box_around(BODY).to_box(points) * SIZE)


def test_the_square_holds_the_body_and_parts_of_its_neighbours() -> None:
    box = box_around(BODY)
    assert box.centre_xy == pytest.approx((100, 115))
    assert box.side == pytest.approx(AROUND * 40)
    assert (np.abs(box.to_box(BODY) - 0.5) < 0.35).all()


def test_a_sure_look_moves_the_points_to_where_it_saw_them(monkeypatch: pytest.MonkeyPatch) -> None:
    broken = BODY.copy()
    broken[:3, 1] += (12, 8, 0)
    points, sure = looked(monkeypatch, lambda: on_square(broken), 0.9)
    assert points == pytest.approx(broken, abs=0.01)
    assert sure == pytest.approx(0.9)


@pytest.mark.parametrize(
    ("seen", "sure"),
    [(BODY + 5, 0.1), (BODY[[3, 4, 5, 0, 1, 2]] * [1, 0] + [0, 115], 0.9)],
    ids=["unsure", "no body"],
)
def test_a_body_of_which_the_second_look_is_unsure_or_that_is_none_is_left_out(
    seen: np.ndarray, sure: float, monkeypatch: pytest.MonkeyPatch
) -> None:
    with pytest.raises(KeyError):
        looked(monkeypatch, lambda: on_square(seen), sure)


@pytest.mark.parametrize(
    ("shift", "whole"), [((0, 0), True), ((-79, 0), False), ((79, 0), False), ((0, -100), False), ((0, 110), False)]
)
def test_a_body_that_the_edge_may_cut_off_is_not_whole(shift: tuple[float, float], whole: bool) -> None:
    assert is_whole(BODY + shift, film()) is whole
