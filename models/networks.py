"""The networks a candidate can be, by name. Each gives the same three things for a batch of films."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import torch
from einops import rearrange
from torch import Tensor, nn
from transformers import (
    MobileNetV2Config,
    MobileNetV2ForImageClassification,
    ViTConfig,
    ViTForImageClassification,
)


@dataclass(frozen=True)
class Output:
    """logits [B, K]; features [B, D], what the last layer sees; maps [B, C, h, w], what explanations use."""

    logits: Tensor
    features: Tensor
    maps: Tensor


class Classifier(nn.Module):
    """A network of transformers, and how its answer, features and maps are had from it."""

    network: Any  # a PreTrainedModel: nn.Module would type its parts as tensors

    @property
    def head(self) -> nn.Linear:
        """The last layer: what is learned anew for other classes."""
        return self.network.classifier

    def forward(self, images: Tensor) -> Output:
        """Images [B, 3, H, W] as the candidate's preprocessing gives them."""
        raise NotImplementedError


class MobileNetV2(Classifier):
    """Sandler et al., CVPR 2018, with the padding of its TensorFlow weights."""

    def __init__(self, labels: int, **options: Any) -> None:
        super().__init__()
        self.network = MobileNetV2ForImageClassification(MobileNetV2Config(id2label=_numbered(labels), **options))

    def forward(self, images: Tensor) -> Output:
        maps = self.network.mobilenet_v2(images).last_hidden_state
        features = maps.mean((2, 3))
        return Output(self.network.classifier(self.network.dropout(features)), features, maps)


class VisionTransformer(Classifier):
    """Dosovitskiy et al., ICLR 2021. Its map is the patch tokens before the last block: after it only the class
    token reaches the answer, so the patches there would carry no gradient."""

    def __init__(self, labels: int, **options: Any) -> None:
        super().__init__()
        self.network = ViTForImageClassification(ViTConfig(id2label=_numbered(labels), **options))

    def forward(self, images: Tensor) -> Output:
        vit = self.network.vit
        tokens = vit.embeddings(images)
        for block in vit.layers[:-1]:
            tokens = block(tokens)
        maps = rearrange(tokens[:, 1:], "b (h w) c -> b c h w", h=images.shape[2] // self.network.config.patch_size)
        # Through the maps and not past them, so that the answer has a gradient on them.
        tokens = torch.cat([tokens[:, :1], rearrange(maps, "b c h w -> b (h w) c")], dim=1)
        features = vit.layernorm(vit.layers[-1](tokens))[:, 0]
        return Output(self.network.classifier(features), features, maps)


def _numbered(labels: int) -> dict[int, str]:
    """Placeholder names, which set the size of the head; a bundle writes the real ones."""
    return {number: str(number) for number in range(labels)}


NETWORKS: dict[str, Callable[..., Classifier]] = {
    "mobilenet_v2": MobileNetV2,
    "vit": VisionTransformer,
}


def build(network: str, labels: int, options: dict[str, Any]) -> Classifier:
    """A network with fresh weights. Raises ValueError naming the known ones for an unknown name."""
    if network not in NETWORKS:
        raise ValueError(f"no network {network!r}; there are {', '.join(sorted(NETWORKS))}")
    return NETWORKS[network](labels, **options)


def parameters(network: nn.Module) -> int:
    """How many weights a network has."""
    return sum(weights.numel() for weights in network.parameters())


def freeze(network: Classifier, share: float) -> None:
    """Keep the first `share` of the weights, from the input on, as they are; the head always learns."""
    body = [weights for name, weights in network.named_parameters() if not name.startswith("network.classifier")]
    for weights in body[: round(len(body) * share)]:
        weights.requires_grad_(False)


def keep_statistics(network: Classifier) -> None:
    """Use the batch statistics that came with the first weights: a handful of films would only blur them."""
    for layer in network.modules():
        if isinstance(layer, nn.BatchNorm2d):
            layer.eval()


@torch.no_grad()
def reset_head(network: Classifier) -> None:
    """Fresh weights for the last layer: what it had learned belongs to other classes."""
    network.head.reset_parameters()
