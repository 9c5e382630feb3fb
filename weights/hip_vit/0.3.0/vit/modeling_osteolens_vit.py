# Made from Osteolens, Apache-2.0: models/classifier.py, models/from_transformers.py, models/plain_config.py, models/hub/model.py.
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


"""How a network that transformers does not know is described in `config.json`."""

from typing import Any

from transformers import PreTrainedConfig



class OsteolensConfig(PreTrainedConfig):
    """The config of a network that transformers does not know, in the form of those it does."""

    model_type = OWN_TYPE

    @classmethod
    def of(cls, outputs: int, **options: Any) -> "OsteolensConfig":
        """With the options the network was built from."""
        return cls.from_dict({"id2label": numbered(outputs), **options})


"""A classifier as transformers knows models: built from its config, and answering with logits."""

from typing import Any

from torch import Tensor
from transformers import PreTrainedModel
from transformers.modeling_outputs import ImageClassifierOutput



class OsteolensForImageClassification(PreTrainedModel):
    """The network that `kind` builds, under the names its weights are stored by.

    pixel_values [B, 3, H, W] as OsteolensImageProcessor gives them. Its logits [B, K] are the network's own: the
    pipeline beside it applies what was fitted to them.
    """

    config_class = OsteolensConfig
    main_input_name = "pixel_values"
    kind: type[Classifier]

    def __init__(self, config: OsteolensConfig) -> None:
        super().__init__(config)
        ours = config.osteolens
        classifier = self.kind(len(ours["labels"]), **ours["options"])
        for name, layers in classifier.network.named_children():
            setattr(self, name, layers)
        self._classifier = [classifier]  # in a list: its layers are known here by their stored names, and once
        self.post_init()

    def forward(
        self, pixel_values: Tensor, clinical: Tensor | None = None, labels: Tensor | None = None, **_: Any
    ) -> ImageClassifierOutput:
        """clinical [B, K]: what is known of the person, standardised and flagged, for a network that is told it; unless
        given, nothing is known. labels: classes [B], or scores [B, K], to learn from."""
        (classifier,) = self._classifier
        classifier.training = classifier.network.training = self.training
        beside: tuple[Tensor, ...] = ()
        if classifier.not_known:
            unknown = pixel_values.new_tensor(classifier.not_known).expand(len(pixel_values), -1)
            beside = (unknown if clinical is None else clinical,)
        logits = classifier(pixel_values, *beside).logits
        loss = None if labels is None else self.loss_function(labels, logits, self.config)
        return ImageClassifierOutput(loss=loss, logits=logits)


OsteolensForImageClassification.kind = VisionTransformer
