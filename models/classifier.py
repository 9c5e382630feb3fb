"""What every network has in common, whoever wrote its layers."""

import json
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn

OWN_TYPE = "osteolens"  # of networks that transformers does not know


@dataclass(frozen=True)
class Output:
    """logits [B, K]; features [B, D], what the last layer sees; maps [B, C, h, w], what explanations use.

    auxiliary [B, K]: the answer of a side branch, while a network that has one is being trained.
    """

    logits: Tensor
    features: Tensor
    maps: Tensor
    auxiliary: Tensor | None = None


class Network(nn.Module):
    """Layers in `network`, whose weights a bundle stores, and what is known of them.

    heads: the parts of `network` that give the answer, and are learned anew for other classes.
    least_px: the shortest side of a film that still gives a map.
    plain: whether `network` by itself, as its library runs it, gives the same answer.
    not_known: what a network that is told of the person takes where nothing is known; empty for those told nothing.
    """

    network: Any  # its class is another library's; nn.Module would type its parts as tensors
    heads: tuple[str, ...] = ("classifier",)
    least_px: int = 32
    plain: bool = False
    not_known: tuple[float, ...] = ()

    def forward(self, images: Tensor) -> Any:
        """Images [B, C, H, W] as the candidate's preprocessing gives them."""
        raise NotImplementedError

    def in_head(self, key: str) -> bool:
        """Whether a weight of `network`, by its name there, belongs to a head."""
        return any(key.startswith(f"{head}.") for head in self.heads)

    def hub_config(self, labels: tuple[str, ...]) -> dict[str, Any]:
        """`config.json` with the outputs by name, as transformers writes it.

        Weights are stored in half precision and run in full: half would answer differently. Only a plain network
        states the type of its library's own; loaded as such, any other would answer something else.
        """
        config = self.network.config
        config.id2label = dict(enumerate(labels))
        config.label2id = {label: number for number, label in enumerate(labels)}
        config.architectures = [type(self.network).__name__]
        config.dtype = torch.float32
        written: dict[str, Any] = json.loads(config.to_json_string(use_diff=False))
        return written if self.plain else {**written, "model_type": OWN_TYPE}

    def _large_enough(self, images: Tensor) -> None:
        height, width = images.shape[2:]
        if min(height, width) < self.least_px:
            raise ValueError(
                f"{type(self).__name__} found a film of {height} x {width} px and needs at least {self.least_px} px "
                "a side; set a larger size in the candidate's preprocessing"
            )


class Classifier(Network):
    """A network that names a film's class, and how its answer, features and maps are had from it."""

    @property
    def head(self) -> nn.Linear:
        """The last layer: what is learned anew for other classes."""
        return self.network.classifier

    def forward(self, images: Tensor) -> Output:
        """Images [B, 3, H, W]. Raises ValueError in one sentence for a size the network cannot take."""
        raise NotImplementedError


def numbered(labels: int) -> dict[int, str]:
    """Placeholder names, which set the size of the head; a bundle writes the real ones."""
    return {number: str(number) for number in range(labels)}
