"""The networks a candidate can be, by name."""

from collections.abc import Callable
from typing import Any

import torch
from torch import nn

from models.classifier import Classifier, Network, Output
from models.cnn3 import CNN3
from models.decomposer import ConvNextDecomposer, Decomposer, LightDecomposer
from models.dense import Dense, UNet, UNetPlusPlus
from models.densenet import DenseNet121
from models.from_transformers import EfficientNet, EfficientNetWithClinical, MobileNetV2, ResNet, VisionTransformer
from models.inception import InceptionV3
from models.vgg import VGG16

__all__ = [
    "DECOMPOSERS",
    "NETWORKS",
    "OUTLINERS",
    "WITH_CLINICAL",
    "Classifier",
    "Decomposer",
    "Dense",
    "DenseNet121",
    "MobileNetV2",
    "Network",
    "Output",
    "ResNet",
    "build",
]

NETWORKS: dict[str, Callable[..., Classifier]] = {
    "cnn3": CNN3,
    "densenet121": DenseNet121,
    "efficientnet": EfficientNet,
    "inception_v3": InceptionV3,
    "mobilenet_v2": MobileNetV2,
    "resnet": ResNet,
    "vgg16": VGG16,
    "vit": VisionTransformer,
}
WITH_CLINICAL: dict[str, Callable[..., Classifier]] = {"efficientnet_with_clinical": EfficientNetWithClinical}
OUTLINERS: dict[str, Callable[..., Dense]] = {
    "u_net": UNet,
    "u_net_pp": UNetPlusPlus,
}

DECOMPOSERS: dict[str, Callable[..., Decomposer]] = {
    "light_decomposer": LightDecomposer,
    "convnext_decomposer": ConvNextDecomposer,
}


def build(network: str, outputs: int, options: dict[str, Any]) -> Any:
    """A network with fresh weights: a Classifier of `outputs` classes, a Dense network of `outputs` masks, or a
    Decomposer that tells the density of `outputs` regions.

    Raises ValueError naming what there is for an unknown name or an unknown option.
    """
    known: dict[str, Callable[..., Network]] = {**NETWORKS, **WITH_CLINICAL, **OUTLINERS, **DECOMPOSERS}
    if network not in known:
        raise ValueError(f"no network {network!r}; there are {', '.join(sorted(known))}")
    try:
        return known[network](outputs, **options)
    except TypeError as fault:
        raise ValueError(f"{network} does not take these options {options}: {fault}") from fault


def parameters(network: nn.Module) -> int:
    """How many weights a network has."""
    return sum(weights.numel() for weights in network.parameters())


def freeze(network: Network, share: float) -> None:
    """Keep the first `share` of the weights, from the input on, as they are; the head always learns."""
    body = [weights for name, weights in network.network.named_parameters() if not network.in_head(name)]
    for weights in body[: round(len(body) * share)]:
        weights.requires_grad_(False)


def keep_statistics(network: nn.Module, every: bool = False) -> None:
    """Use the batch statistics that came with the first weights: a handful of films would only blur them. every: also
    those of what is told beside the film, which no published weights come with."""
    for layer in network.modules():
        if isinstance(layer, nn.BatchNorm2d) or (every and isinstance(layer, nn.BatchNorm1d)):
            layer.eval()


@torch.no_grad()
def reset_head(network: Network) -> None:
    """Fresh weights for what gives the answer: what it had learned belongs to other classes."""
    for name, layer in network.network.named_modules():
        if network.in_head(f"{name}.") and hasattr(layer, "reset_parameters"):
            layer.reset_parameters()
