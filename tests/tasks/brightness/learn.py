"""Training the network that predicts brightness."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import torch
import torch.nn.functional as f
from torch import Tensor, nn

from core.example import Example
from imaging.preprocess import Preprocess
from models.bundle import Node
from tasks.forward import forward
from tasks.node import node_of
from tasks.objective import Objective
from tasks.part import Candidate, Part
from tasks.samples import Samples, grey_of
from tasks.task import Learned, Trainer

COLUMN = "brightness"


class BrightnessObjective(Objective):
    """films: uint8 [N, h, w]. truth: [N], the mean grey of each."""

    def __init__(self, films: np.ndarray, truth: np.ndarray, preprocess: Preprocess) -> None:
        super().__init__()
        self.films = (torch.from_numpy(films), torch.from_numpy(truth.astype(np.float32)))
        self.inputs = preprocess

    def loss(self, network: nn.Module, batch: Sequence[Tensor], random: torch.Generator, vary: bool = True) -> Tensor:
        grey = batch[0].float()[:, None].expand(-1, 3, -1, -1) / 255
        return f.mse_loss(network(grey * 2 - 1).logits[:, 0], batch[1])


def usable(part: Part, example: Example) -> bool:
    return example.others.get(COLUMN) is not None


def expects(part: Part) -> str:
    return "a column brightness, 0 to 1"


def check(part: Part, examples: Sequence[Example], begun: bool) -> None:
    """Any film will do."""


def says(part: Part, example: Example) -> Any:
    return example.others.get(COLUMN)


def loads(part: Part, candidates: Sequence[Candidate]) -> dict[str, Any]:
    return {"inputs": [candidate.preprocess for candidate in candidates]}


def learn(
    part: Part,
    candidates: Sequence[Candidate],
    trainer: Trainer,
    train: Samples,
    validation: Samples,
    before: tuple[Node, ...],
) -> Learned:
    """One network, with the offset that its answers have on validation films."""
    (candidate,) = candidates
    network, pretrained = trainer.begin(candidate, 1)
    films, inputs = grey_of(candidate.preprocess), candidate.preprocess
    goals = [BrightnessObjective(one[films], one.columns([COLUMN])[:, 0], inputs) for one in (train, validation)]
    network = trainer.fit(network, candidate, *goals, pretrained=pretrained)
    logits, _ = forward(network, validation[films], inputs, trainer.device)
    offset = float((validation.columns([COLUMN])[:, 0] - logits[:, 0]).mean())
    node = node_of(part, candidate, network, {"offset": offset})
    return Learned((node,), {}, {"held_out": {"brightness": {"mean_error": round(abs(offset), 4)}}})
