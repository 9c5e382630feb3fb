"""Lessons of scores and of vertebrae."""

from pathlib import Path

import numpy as np
import torch

from imaging.preprocess import Preprocess
from models.networks import build
from tasks.augment import draw_moves, move_points, warp
from tasks.scores.objective import HIDDEN, ScoreObjective
from training.fit import Schedule, fit

SHAPE = Preprocess(size=(64, 32))
OPTIONS = {"width_coefficient": 0.2, "depth_coefficient": 0.1, "dropout_rate": 0.2, "depthwise_padding": []}


def lesson(told: bool = False, guided: bool = False, unknown: bool = False) -> ScoreObjective:
    random = np.random.default_rng(0)
    films = random.integers(0, 255, (12, 64, 32), np.uint8)
    answers = (random.random((12, 2)) < 0.4).astype(float)
    if unknown:
        answers[::3, 0] = np.nan
    clinical = np.concatenate([random.normal(size=(12, 3)), np.zeros((12, 3))], 1) if told else None
    return ScoreObjective(films, answers, SHAPE, clinical, random.normal(size=(12, 4)) if guided else None)


def test_a_network_with_a_guide_learns_in_training_mode(tmp_path: Path) -> None:
    """Lightning leaves networks in the mode it finds them; a lesson looks at its network before training."""
    for told in (False, True):
        network = build("efficientnet_with_clinical" if told else "efficientnet", 2, OPTIONS)
        before = {name: value.clone() for name, value in network.named_buffers() if name.endswith("running_mean")}
        fit(network, lesson(told, guided=True), Schedule(1, 6, 1e-3), tmp_path / str(told), 0)
        moved = [name for name, value in network.named_buffers() if name in before and not value.equal(before[name])]
        assert len(moved) == len(before)
        assert not network.training


def test_answers_that_are_not_known_cost_nothing() -> None:
    network = build("efficientnet", 2, OPTIONS).eval()
    one = lesson(unknown=True)
    films, answers, clinical, measures = one.films
    random = torch.Generator().manual_seed(0)
    with torch.inference_mode():
        whole = one.loss(network, (films, answers, clinical, measures), random, vary=False)
        known = ~answers.isnan()
        logits = network((films.float()[:, None].expand(-1, 3, -1, -1) / 255 - 0.5) / 0.5).logits
        each = torch.nn.functional.binary_cross_entropy_with_logits(
            logits, answers.nan_to_num(0), pos_weight=one.heard, reduction="none"
        )
    assert torch.isclose(whole, each[known].mean(), atol=1e-5)


def test_hidden_values_are_flagged_and_no_others() -> None:
    clinical = torch.cat([torch.ones(4000, 3), torch.zeros(4000, 3)], 1)
    hidden = ScoreObjective.hidden(clinical, torch.Generator().manual_seed(0))
    assert torch.equal(hidden[:, :3] == 0, hidden[:, 3:] == 1)
    assert abs(float(hidden[:, 3:].mean()) - HIDDEN) < 0.02


def test_points_move_with_a_film_that_is_not_square() -> None:
    film = torch.zeros(1, 1, 96, 48)
    film[0, 0, 30:33, 20:23] = 1
    moves = draw_moves(1, torch.Generator().manual_seed(3), turn=25.0, scale=(0.8, 1.2), shift=0.1)
    seen = warp(film, moves, (96, 48))[0, 0]
    rows, columns = torch.meshgrid(torch.arange(96) + 0.5, torch.arange(48) + 0.5, indexing="ij")
    found = torch.stack([(seen * columns).sum(), (seen * rows).sum()]) / seen.sum()
    told = move_points(torch.tensor([[[21.5 / 48, 31.5 / 96]]]), moves, 96 / 48)[0, 0] * torch.tensor([48.0, 96.0])
    assert torch.allclose(found, told, atol=0.4)
