"""What a lesson asks for, and what a wrong answer costs."""

import numpy as np
import pytest
import torch
from torch import nn

from imaging.preprocess import Preprocess
from models.heat import heat_loss, points_of
from models.networks import build
from tasks.augment import draw_moves
from tasks.classes.objective import ClassObjective, earth_movers, shrunk
from tasks.landmarks.objective import LandmarkObjective
from tasks.masks.objective import MaskObjective

RANDOM = np.random.default_rng(0)
DENSE = {"features": [4, 4, 8, 8, 8, 4], "fold": 2}


def test_two_classes_off_costs_more_than_one() -> None:
    weight = torch.ones(3)
    right, near, far = (
        float(earth_movers(torch.tensor([logits]), torch.tensor([0]), weight))
        for logits in ([9.0, 0, 0], [0, 9.0, 0], [0, 0, 9.0])
    )
    assert right < 0.001
    assert near == pytest.approx(1, abs=0.01)
    assert far == pytest.approx(2, abs=0.01)


def test_a_rare_class_is_heard_as_much_as_a_common_one() -> None:
    labels = np.array([0] * 9 + [1])
    films = RANDOM.integers(0, 255, (10, 32, 32), dtype=np.uint8)
    weight = ClassObjective(films, labels, 2, Preprocess((32, 32))).weight
    assert float(weight[1] / weight[0]) == pytest.approx(9)
    assert torch.equal(ClassObjective(films, labels, 2, Preprocess((32, 32)), balanced=False).weight, torch.ones(2))


def test_a_guide_with_gaps_teaches_by_what_is_known() -> None:
    films = RANDOM.integers(0, 255, (6, 32, 32), dtype=np.uint8)
    guide = np.array([[1.0, np.nan]] * 3 + [[2.0, 0.5]] * 3)
    lesson = ClassObjective(films, np.array([0, 1] * 3), 2, Preprocess((32, 32)), guide=guide)
    network = build("cnn3", 2, {"channels": [4, 4, 4], "hidden": 8})
    lesson.ready(network)
    cost = lesson.loss(network.train(), lesson.films, torch.Generator().manual_seed(0))
    assert torch.isfinite(cost)
    cost.backward()
    assert lesson.tell is not None
    assert lesson.tell.weight.grad is not None


def test_maps_that_must_tell_where_regions_lie_learn_it() -> None:
    films = RANDOM.integers(0, 40, (8, 64, 64), dtype=np.uint8)
    masks = np.zeros((8, 64, 64), np.uint8)
    for row in range(8):
        left = 8 if row % 2 else 32
        films[row, 20:44, left : left + 24] = 220
        masks[row, 20:44, left : left + 24] = 0b10
    lesson = ClassObjective(films, np.array([0, 1] * 4), 2, Preprocess((64, 64)), masks=masks, regions=2, tone=0.0)
    torch.manual_seed(0)
    options = {"image_size": 64, "patch_size": 8, "hidden_size": 24, "num_hidden_layers": 2, "num_attention_heads": 2}
    network = build("vit", 2, {**options, "intermediate_size": 48, "pool": "mean"})
    lesson.ready(network)
    optimiser = torch.optim.AdamW([*network.parameters(), *lesson.parameters()], 3e-3)
    for step in range(80):
        cost = lesson.loss(network.train(), lesson.films, torch.Generator().manual_seed(step))
        optimiser.zero_grad()
        cost.backward()
        optimiser.step()
    assert lesson.place is not None
    with torch.inference_mode():
        seen = lesson.place(network.eval()((lesson.films[0].float() / 127.5 - 1)[:, None].expand(-1, 3, -1, -1)).maps)[
            :, 1
        ]
    inside = seen[1::2, 3:5, 1:4].mean()
    assert inside > seen[0::2, 3:5, 1:3].mean() + 1


def test_films_finer_than_a_network_sees_are_made_smaller_without_aliasing() -> None:
    stripes = np.zeros((2, 84, 84), np.uint8)
    stripes[:, ::2] = 255
    small = shrunk(torch.from_numpy(stripes), (32, 32), 32 / 42)
    assert small.shape == (2, 42, 42)
    assert 120 < small[:, 2:-2].min() <= small[:, 2:-2].max() < 136


def test_what_is_black_around_a_region_stays_black() -> None:
    films = np.zeros((4, 48, 48), np.uint8)
    films[:, 16:32, 16:32] = 200
    lesson = ClassObjective(films, np.array([0, 1, 0, 1]), 2, Preprocess((48, 48)), vendors=True, matted=True)
    random = torch.Generator().manual_seed(0)
    shown = lesson.shown(lesson.films[0], draw_moves(4, random), random)
    assert torch.all(shown[:, :6] == 0)
    assert shown.max() > 0.3


def test_an_outline_is_learned_from_masks_in_bits() -> None:
    crops = RANDOM.integers(0, 60, (8, 42, 42), dtype=np.uint8)
    masks = np.zeros((8, 42, 42), np.uint8)
    crops[:, 10:30, 10:30] += 150
    masks[:, 10:30, 10:30] = 0b10
    lesson = MaskObjective(crops, masks, 2, Preprocess((32, 32)), 32 / 42)
    network = build("u_net", 2, DENSE)
    optimiser = torch.optim.AdamW(network.parameters(), 0.02)
    costs = []
    for step in range(25):
        cost = lesson.loss(network.train(), lesson.films, torch.Generator().manual_seed(step))
        optimiser.zero_grad()
        cost.backward()
        optimiser.step()
        costs.append(float(cost.detach()))
    assert np.mean(costs[-5:]) < 0.7 * np.mean(costs[:3])


def test_nothing_is_outlined_beyond_a_collimated_edge_and_film_and_masks_bend_alike() -> None:
    """On films that are mask all over, whatever is told to be mask is film, and the black beyond is none."""
    crops, masks = np.full((64, 42, 42), 200, np.uint8), np.ones((64, 42, 42), np.uint8)
    lesson, seen = MaskObjective(crops, masks, 1, Preprocess((32, 32)), 32 / 42), {}

    class Told(nn.Module):
        def forward(self, films: torch.Tensor) -> torch.Tensor:
            seen["films"] = (films[:, 0] + 1) / 2
            return torch.zeros_like(films, requires_grad=True)

    class Dice(nn.Module):
        def forward(self, _: torch.Tensor, truth: torch.Tensor) -> torch.Tensor:
            seen["truth"] = truth[:, 0]
            return torch.zeros(())

    lesson.dice = Dice()  # type: ignore[assignment]
    lesson.loss(Told(), lesson.films, torch.Generator().manual_seed(0))
    black = (seen["films"] == 0).float().mean((1, 2))
    assert (black > 0.03).any()  # some are collimated
    assert (seen["films"][seen["truth"] == 1] > 0).all()
    assert torch.std(seen["truth"].mean((1, 2))) > 0


def test_heat_on_a_point_gives_the_point_back_and_absence_is_an_answer() -> None:
    points = torch.tensor([[[20.3, 11.8], [torch.nan, torch.nan]]])
    y, x = torch.meshgrid(torch.arange(32) + 0.5, torch.arange(40) + 0.5, indexing="ij")
    sharp = 12 - ((x - 20.3) ** 2 + (y - 11.8) ** 2) / 8
    good = torch.stack([sharp, torch.full((32, 40), -20.0)])[None]
    found, sure = points_of(good[0])
    assert torch.allclose(found[0], points[0, 0], atol=0.1)
    assert sure[0] > 0.9
    assert sure[1] < 0.01
    assert heat_loss(good, points) < heat_loss(torch.zeros_like(good), points)
    assert heat_loss(good, points) < heat_loss(good.flip(1), points)


def test_a_landmark_beyond_the_edge_of_a_close_up_counts_as_absent() -> None:
    films = np.full((64, 48, 48), 128, np.uint8)
    points = np.tile(np.array([[0.1, 0.1], [0.3, 0.3], [np.nan, np.nan]], np.float32), (64, 1, 1))
    lesson = LandmarkObjective(films, points, Preprocess((32, 32)), [(0, 1)])
    network = build("u_net", 3, DENSE)
    assert torch.isfinite(lesson.loss(network, lesson.films, torch.Generator().manual_seed(0)))
    moves = lesson._moves(lesson.films[1], torch.Generator().manual_seed(0))
    assert (moves[:, 0, 0] < 0.7).float().mean() > 0.25  # close-ups are drawn
    assert torch.isfinite(lesson.loss(network, lesson.films, torch.Generator(), vary=False))
