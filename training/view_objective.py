"""What the network of views is taught: the same view on other machines, of other people, framed and lit otherwise."""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import numpy.typing as npt
import torch
import torch.nn.functional as f
from torch import Tensor, nn

from imaging.preprocess import Preprocess
from recipes.view import VIEWS
from tasks.augment import draw_moves, relook, revendor, warp
from tasks.classes.objective import ClassObjective

TURN = {"hip_lateral": 50.0}  # degrees: real films from the side show the shaft lying, slanting and upright
TURN_OTHERS = 15.0
TONE = 1.6  # real films are tone-mapped far more harshly than the simulator's
STRETCH = 1.3  # some archives stretch their films to a square
FINER = 2  # films are kept so many times finer than the network sees them: a closer look at one is then no blur


def finer(inputs: Preprocess) -> Preprocess:
    """How films are kept for a network that sees `inputs`."""
    return replace(inputs, size=(FINER * inputs.size[0], FINER * inputs.size[1]))


def as_seen(grey: npt.NDArray[np.uint8]) -> npt.NDArray[np.uint8]:
    """Films kept finer [N, h, w] as the network sees them, [N, h / FINER, w / FINER]."""
    count, height, width = grey.shape
    blocks = grey.reshape(count, height // FINER, FINER, width // FINER, FINER)
    return np.round(blocks.mean((2, 4))).astype(np.uint8)


class ViewObjective(ClassObjective):
    """Varied more than films of a class are, since brightness and scale say nothing of the view: mirrored, stretched,
    shown from closer than virtual films ever are, and now and then with a white or grey frame instead of a black one,
    as scanned films have it. films: `finer`, as `preprocess` is."""

    def loss(self, network: nn.Module, batch: Sequence[Tensor], random: torch.Generator, vary: bool = True) -> Tensor:
        grey = self.varied(batch[0], batch[1], random) if vary else f.avg_pool2d(batch[0].float() / 255, FINER)
        output = network((grey[:, None] - self.mean) / self.std)
        return f.cross_entropy(output.logits, batch[1], self.weight, label_smoothing=0.05 if vary else 0.0)

    def varied(self, films: Tensor, labels: Tensor, random: torch.Generator) -> Tensor:
        """Films uint8 [B, h, w] of views `labels` [B] as others of these views, [B, h / FINER, w / FINER] in 0..1."""
        count = len(films)

        def uniform(low: float, high: float) -> Tensor:
            return low + (high - low) * torch.rand(count, generator=random)

        turn = torch.tensor([TURN.get(view, TURN_OTHERS) for view in VIEWS])[labels.cpu()]
        wild = draw_moves(count, random, turn=1.0, scale=(0.75, 1.7), shift=0.15)
        angle = torch.deg2rad(turn * uniform(-1, 1))
        cos, sin = angle.cos(), angle.sin()
        turned = wild[:, :, :2] @ torch.stack([torch.stack([cos, -sin], 1), torch.stack([sin, cos], 1)], 1)
        wide = STRETCH ** uniform(-1, 1)
        mirror = torch.where(torch.rand(count, generator=random) < 0.5, -1.0, 1.0)
        turned = turned * torch.stack([wide * mirror, 1 / wide], 1)[:, None]
        moves = torch.cat([turned, wild[:, :, 2:]], 2)
        both = torch.stack([films, 255 * (films > 0)], 1).float() / 255
        grey, film = f.avg_pool2d(warp(both, moves, self.size), FINER).unbind(1)
        grey = relook(revendor(grey, random, TONE), random, TONE)
        frame = torch.where(torch.rand(count, generator=random) < 0.7, 0.0, uniform(0, 1)).to(grey.device)[
            :, None, None
        ]
        return torch.where(film > 0.5, grey, frame)
