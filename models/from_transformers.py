"""The classifiers whose layers are those of transformers."""

from collections.abc import Sequence
from typing import Any, Literal

import torch
from einops import rearrange
from torch import Tensor, nn
from transformers import (
    EfficientNetConfig,
    EfficientNetForImageClassification,
    MobileNetV2Config,
    MobileNetV2ForImageClassification,
    ResNetConfig,
    ResNetForImageClassification,
    ViTConfig,
    ViTForImageClassification,
)
from transformers.models.efficientnet.modeling_efficientnet import round_filters
from transformers.models.resnet.modeling_resnet import ResNetBasicLayer, ResNetBottleNeckLayer

from models.classifier import Classifier, Output, numbered


class MobileNetV2(Classifier):
    """Sandler et al., CVPR 2018, with the padding of its TensorFlow weights."""

    plain = True

    def __init__(self, labels: int, **options: Any) -> None:
        super().__init__()
        self.network = MobileNetV2ForImageClassification(MobileNetV2Config(id2label=numbered(labels), **options))

    def forward(self, images: Tensor) -> Output:
        self._large_enough(images)
        maps = self.network.mobilenet_v2(images).last_hidden_state
        features = maps.mean((2, 3))
        return Output(self.network.classifier(self.network.dropout(features)), features, maps)


class ResNet(Classifier):
    """He et al., CVPR 2016: ResNet-50 unless `depths`, `hidden_sizes` and `layer_type` say otherwise."""

    plain = True

    def __init__(self, labels: int, **options: Any) -> None:
        super().__init__()
        self.network = ResNetForImageClassification(ResNetConfig(id2label=numbered(labels), **options))
        # Each block begins as doing nothing (Goyal et al., 2017): without it the deep ones stay at a constant answer
        # for epochs when they begin from nothing. Weights that are loaded replace it.
        for block in self.network.modules():
            if isinstance(block, (ResNetBasicLayer, ResNetBottleNeckLayer)):
                last = block.layer[-1].normalization
                assert isinstance(last, nn.BatchNorm2d)
                nn.init.zeros_(last.weight)

    @property
    def head(self) -> nn.Linear:
        return self.network.classifier[1]

    def forward(self, images: Tensor) -> Output:
        self._large_enough(images)
        maps = self.network.resnet(images).last_hidden_state
        features = maps.mean((2, 3))
        return Output(self.head(features), features, maps)


class EfficientNet(Classifier):
    """Tan and Le, ICML 2019: EfficientNet-B4 unless `width_coefficient` and `depth_coefficient` say otherwise."""

    plain = True
    B4 = {  # noqa: RUF012
        "width_coefficient": 1.4,
        "depth_coefficient": 1.8,
        "image_size": 380,
        "dropout_rate": 0.4,
        "depthwise_padding": [6],
        # transformers takes over TensorFlow's 0.99, which for torch would forget all batches but the last.
        "batch_norm_momentum": 0.1,
    }

    def __init__(self, labels: int, **options: Any) -> None:
        super().__init__()
        config = EfficientNetConfig(id2label=numbered(labels), **{**self.B4, **options})
        config.hidden_dim = round_filters(config, 1280)
        self.network = EfficientNetForImageClassification(config)
        # transformers draws the scales of batch normalisation around 0, from which nothing is learned from scratch.
        for layer in self.network.modules():
            if isinstance(layer, nn.BatchNorm2d):
                layer.reset_parameters()
            elif isinstance(layer, nn.Conv2d):
                nn.init.kaiming_normal_(layer.weight, mode="fan_out")

    def forward(self, images: Tensor) -> Output:
        self._large_enough(images)
        maps = self.network.efficientnet(images).last_hidden_state
        features = maps.mean((2, 3))
        return Output(self.network.classifier(self.network.dropout(features)), features, maps)


class EfficientNetWithClinical(EfficientNet):
    """EfficientNet with a branch for what is known of the person, after VERTE-X (J. Bone Miner. Res. 2023; 38: 887):
    Linear, batch normalisation, ReLU, dropout, twice, joined to the image's features before the last layers.

    known: how many clinical values there are, standardised, missing ones imputed and flagged (tasks.scores.clinical).
    branch, joined: widths of the branch's layers and of the layer that sees both.
    """

    heads = ("classifier", "branch", "joined")
    plain = False

    def __init__(self, labels: int, known: int = 6, branch: int = 32, joined: int = 128, **options: Any) -> None:
        super().__init__(labels, **options)
        self.not_known = (0.0,) * (known // 2) + (1.0,) * (known // 2)  # each as the mean, and flagged as missing
        config, drop = self.network.config, 0.2
        config.osteolens_branch = {"known": known, "branch": branch, "joined": joined}

        def layers(first: int, last: int) -> list[nn.Module]:
            return [nn.Linear(first, last), nn.BatchNorm1d(last), nn.ReLU(), nn.Dropout(drop)]

        self.network.branch = nn.Sequential(*layers(known, branch), *layers(branch, branch))
        self.network.joined = nn.Sequential(*layers(config.hidden_dim + branch, joined))
        self.network.classifier = nn.Linear(joined, labels)

    def forward(self, images: Tensor, clinical: Tensor | None = None) -> Output:
        """clinical: [B, known]. Raises ValueError where it is not given."""
        if clinical is None:
            raise ValueError(
                "EfficientNetWithClinical found a film alone and needs the clinical values beside it; missing ones are "
                "imputed and flagged, not left out"
            )
        self._large_enough(images)
        maps = self.network.efficientnet(images).last_hidden_state
        features = maps.mean((2, 3))
        both = torch.cat([self.network.dropout(features), self.network.branch(clinical)], 1)
        return Output(self.network.classifier(self.network.joined(both)), features, maps)


class VisionTransformer(Classifier):
    """Dosovitskiy et al., ICLR 2021. Its map is the patch tokens before the last block: after it only the class
    token reaches the answer, so the patches there would carry no gradient.

    pool: what the answer is made from. `class` is the published class token, as pretrained weights expect it; `mean` is
    the mean of the patches, whose places begin as sines and cosines: what learns from nothing on few films (Beyer et
    al., "Better plain ViT baselines", 2022). Its map is the patches after the last block.

    stem: widths of convolutions that see each patch and its neighbours, each halving the film, instead of one linear
    layer a patch; with them a transformer learns sooner from nothing (Xiao et al., NeurIPS 2021). None as published.
    """

    def __init__(
        self,
        labels: int,
        pool: Literal["class", "mean"] = "class",
        stem: Sequence[int] | None = None,
        **options: Any,
    ) -> None:
        super().__init__()
        config = ViTConfig(id2label=numbered(labels), **options)
        self.pool = pool
        self.plain = pool == "class" and stem is None
        self.size = _pair(config.image_size)
        patch = _pair(config.patch_size)
        if self.size[0] % patch[0] or self.size[1] % patch[1]:
            raise ValueError(
                f"found image_size {config.image_size} and patch_size {config.patch_size}, expected a multiple of "
                "the patch; change one of the two in the candidate's options"
            )
        self.network = ViTForImageClassification(config)
        if stem is not None:
            if patch != (2 ** len(stem),) * 2:
                raise ValueError(
                    f"found a stem of {len(stem)} layers and patch_size {config.patch_size}, expected a patch of "
                    f"{2 ** len(stem)}, for each layer halves the film; change one of the two in the candidate's "
                    "options"
                )
            self.network.vit.embeddings.patch_embeddings.projection = _stem(stem, config)
        if pool == "mean":
            rows, columns = self.size[0] // patch[0], self.size[1] // patch[1]
            self.network.vit.embeddings.position_embeddings.data[0, 1:] = _places(rows, columns, config.hidden_size)

    def forward(self, images: Tensor) -> Output:
        if tuple(images.shape[2:]) != self.size:
            raise ValueError(
                f"VisionTransformer found a film of {images.shape[2]} x {images.shape[3]} px and needs exactly "
                f"{self.size[0]} x {self.size[1]}, a multiple of its patch; set that size in the candidate's "
                "preprocessing, or another image_size in its options"
            )
        vit = self.network.vit
        tokens = vit.embeddings(images)
        for block in vit.layers[:-1]:
            tokens = block(tokens)
        if self.pool == "mean":
            tokens = vit.layernorm(vit.layers[-1](tokens))
        maps = rearrange(tokens[:, 1:], "b (h w) c -> b c h w", h=self.size[0] // _pair(vit.config.patch_size)[0])
        if self.pool == "mean":
            features = maps.mean((2, 3))
            return Output(self.network.classifier(features), features, maps)
        # Through the maps and not past them, so that the answer has a gradient on them.
        tokens = torch.cat([tokens[:, :1], rearrange(maps, "b c h w -> b (h w) c")], dim=1)
        features = vit.layernorm(vit.layers[-1](tokens))[:, 0]
        return Output(self.network.classifier(features), features, maps)


def _stem(widths: Sequence[int], config: ViTConfig) -> nn.Sequential:
    """From a film [B, C, H, W] to its patches [B, hidden, H / 2^n, W / 2^n]: n convolutions, then one of 1 x 1."""
    layers: list[nn.Module] = []
    channels = int(config.num_channels)
    for width in widths:
        layers += [nn.Conv2d(channels, width, 3, 2, 1, bias=False), nn.BatchNorm2d(width), nn.ReLU()]
        channels = width
    return nn.Sequential(*layers, nn.Conv2d(channels, config.hidden_size, 1))


def _places(rows: int, columns: int, width: int) -> Tensor:
    """Sines and cosines of each patch's row and column [rows * columns, width], as faint as patches are at first."""
    row, column = torch.meshgrid(torch.arange(rows), torch.arange(columns), indexing="ij")
    waves = 10_000.0 ** (-torch.arange(width // 4) / max(width // 4 - 1, 1))
    across, down = column.flatten()[:, None] * waves, row.flatten()[:, None] * waves
    return 0.2 * nn.functional.pad(torch.cat([across.sin(), across.cos(), down.sin(), down.cos()], 1), (0, width % 4))


def _pair(size: Any) -> tuple[int, int]:
    return (size, size) if isinstance(size, int) else (int(size[0]), int(size[1]))
