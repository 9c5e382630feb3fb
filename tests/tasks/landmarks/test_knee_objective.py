"""What the finder of knees is shown: one knee near the middle, of either side, wherever its leg stood."""

import numpy as np
import torch

from anatomy.knee import KNEE, LANDMARKS, PICTURED
from imaging.preprocess import Preprocess
from tasks.augment import move_points, warp
from tasks.landmarks.knee_objective import KneeObjective

SIZE = 96
KNEE_XY = {  # of a left knee at the middle of a square
    "medial_plateau": (-0.06, 0.0), "lateral_plateau": (0.06, 0.0), "medial_condyle": (-0.03, -0.02),
    "lateral_condyle": (0.03, -0.02), "medial_epicondyle": (-0.06, -0.07), "lateral_epicondyle": (0.06, -0.07),
    "fibular_head": (0.055, 0.06),
}  # fmt: skip


def taught(sides: str) -> KneeObjective:
    """A film with those knees; the head of each fibula is a bright spot on it."""
    points = np.full((1, len(KNEE.outputs), 2), np.nan)
    film = np.zeros((1, 384, 384), np.uint8)
    for side in sides:
        for name in LANDMARKS:
            x, y = KNEE_XY[name]
            at = np.array([(0.28 - x) if side == "R" else (0.72 + x), 0.5 + y])
            points[0, KNEE.outputs.index(f"{side}_{name}")] = at
            if name == "fibular_head":
                column, row = (at * 384).astype(int)
                film[0, row - 3 : row + 4, column - 3 : column + 4] = 255
    return KneeObjective(film, points, Preprocess((SIZE, SIZE)))


def test_what_is_asked_for_lies_where_it_is_shown_and_the_fibula_at_either_side_on_every_kind_of_film() -> None:
    for sides in ("L", "R", "RL"):
        lesson = taught(sides)
        random = torch.Generator().manual_seed(3)
        fibula_right = []
        for _ in range(40):
            points, moves, over, _ = lesson._drawn(*lesson.films[1:], random)
            shown = warp(lesson.films[0][:, None].float(), moves, (SIZE, SIZE))[0, 0]
            points = move_points(points, moves)[0]
            x, y = (points[PICTURED.index("fibular_head")] * SIZE).int().tolist()
            if 0 <= x < SIZE and 0 <= y < SIZE:
                assert shown[y, x] > 100
            left, right = points[0, 0], points[1, 0]
            assert (left < right) != bool(over)  # `loss` then changes the names of what was turned over
            fibula_right.append(bool(points[-1, 0] > (left + right) / 2))
        assert 8 < sum(fibula_right) < 32


def test_a_film_without_a_knee_asks_for_none() -> None:
    lesson = taught("")
    points, *_ = lesson._drawn(*lesson.films[1:], torch.Generator().manual_seed(0))
    assert points.isnan().all()


def test_the_loss_falls_where_the_heat_is_right() -> None:
    lesson = taught("RL")
    batch = [tensor.repeat(4, *[1] * (tensor.ndim - 1)) for tensor in lesson.films]

    class Sees(torch.nn.Module):
        """Hot where the film is bright, for the fibula; or everywhere alike."""

        def __init__(self, hot: float) -> None:
            super().__init__()
            self.hot = hot

        def forward(self, film: torch.Tensor) -> torch.Tensor:
            heat = torch.zeros(len(film), len(PICTURED), SIZE, SIZE)
            heat[:, -1] = self.hot * (film[:, 0] > 0)
            return heat

    costs = [float(lesson.loss(Sees(hot), batch, torch.Generator().manual_seed(1), vary=False)) for hot in (0.0, 6.0)]
    assert costs[1] < costs[0]
