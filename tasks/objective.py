"""What a network is trained for: films with their truth, how each is varied, and what a wrong answer costs.

One kind a task. Films are kept as uint8; whatever is drawn is drawn from the generator that is passed.
"""

from collections.abc import Mapping, Sequence

import torch
from torch import Tensor, nn

from models.networks import Network


class Objective(nn.Module):
    """Films and what they teach."""

    films: tuple[Tensor, ...]  # the films and their answers, one a row of each tensor

    def ready(self, network: Network) -> None:
        """Make what this lesson needs besides the network; called once, before training."""

    def loss(self, network: nn.Module, batch: Sequence[Tensor], random: torch.Generator, vary: bool = True) -> Tensor:
        """What the network's answers to these rows of `films` cost; vary: whether the films are changed first."""
        raise NotImplementedError

    def figures(self, network: nn.Module, batch: Sequence[Tensor]) -> Mapping[str, Tensor]:
        """How good the answers to these rows are, films unchanged, in words that a person watches beside the loss:
        means by name. Nothing where the loss says it all."""
        return {}
