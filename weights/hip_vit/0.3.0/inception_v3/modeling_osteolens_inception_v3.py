# Made from Osteolens, Apache-2.0: models/classifier.py, models/plain_config.py, models/inception.py, models/hub/model.py.
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


"""Inception v3 (Szegedy et al., CVPR 2016), its weights named as torchvision names them."""

from collections.abc import Callable
from functools import partial

import torch
from torch import Tensor, nn
from torch.nn.functional import adaptive_avg_pool2d, avg_pool2d, max_pool2d, relu


Scale = Callable[[int], int]  # channels as published -> channels of this width
Side = int | tuple[int, int]


class Conv(nn.Module):
    """Convolution, batch normalisation, ReLU; keeps the size unless `padded` is false or `stride` is 2."""

    def __init__(self, channels: int, out: int, side: Side, stride: int = 1, padded: bool = True) -> None:
        super().__init__()
        height, width = (side, side) if isinstance(side, int) else side
        padding = (height // 2, width // 2) if padded else 0
        self.conv = nn.Conv2d(channels, out, (height, width), stride, padding, bias=False)
        self.bn = nn.BatchNorm2d(out, eps=0.001)

    def forward(self, maps: Tensor) -> Tensor:
        return relu(self.bn(self.conv(maps)), inplace=True)


class Block(nn.Module):
    """Branches over the same maps, joined; `out` is how many channels that makes."""

    out: int

    def chain(self, name: str, channels: int, *layers: tuple[int, Side], narrows: bool = False) -> int:
        """Layers `name_1`, `name_2`, ... (channels, side), the last of which may halve the map."""
        for number, (out, side) in enumerate(layers, 1):
            last = narrows and number == len(layers)
            setattr(self, f"{name}_{number}", Conv(channels, out, side, 2 if last else 1, padded=not last))
            channels = out
        return channels

    def along(self, name: str, maps: Tensor) -> Tensor:
        """Maps through the chain of that name."""
        number = 1
        while hasattr(self, f"{name}_{number}"):
            maps = getattr(self, f"{name}_{number}")(maps)
            number += 1
        return maps


class A(Block):
    """35 x 35: 5 x 5 and twice 3 x 3."""

    def __init__(self, channels: int, pool: int, of: Scale) -> None:
        super().__init__()
        self.branch1x1 = Conv(channels, of(64), 1)
        five = self.chain("branch5x5", channels, (of(48), 1), (of(64), 5))
        three = self.chain("branch3x3dbl", channels, (of(64), 1), (of(96), 3), (of(96), 3))
        self.branch_pool = Conv(channels, of(pool), 1)
        self.out = of(64) + five + three + of(pool)

    def forward(self, maps: Tensor) -> Tensor:
        pooled = self.branch_pool(avg_pool2d(maps, 3, 1, 1))
        return torch.cat(
            [self.branch1x1(maps), self.along("branch5x5", maps), self.along("branch3x3dbl", maps), pooled], 1
        )


class B(Block):
    """35 x 35 to 17 x 17."""

    def __init__(self, channels: int, of: Scale) -> None:
        super().__init__()
        self.branch3x3 = Conv(channels, of(384), 3, 2, padded=False)
        twice = self.chain("branch3x3dbl", channels, (of(64), 1), (of(96), 3), (of(96), 3), narrows=True)
        self.out = of(384) + twice + channels

    def forward(self, maps: Tensor) -> Tensor:
        return torch.cat([self.branch3x3(maps), self.along("branch3x3dbl", maps), max_pool2d(maps, 3, 2)], 1)


class C(Block):
    """17 x 17: 7 x 7 as 1 x 7 and 7 x 1."""

    def __init__(self, channels: int, middle: int, of: Scale) -> None:
        super().__init__()
        inner, out, wide, high = of(middle), of(192), (1, 7), (7, 1)
        self.branch1x1 = Conv(channels, out, 1)
        self.chain("branch7x7", channels, (inner, 1), (inner, wide), (out, high))
        self.chain("branch7x7dbl", channels, (inner, 1), (inner, high), (inner, wide), (inner, high), (out, wide))
        self.branch_pool = Conv(channels, out, 1)
        self.out = 4 * out

    def forward(self, maps: Tensor) -> Tensor:
        pooled = self.branch_pool(avg_pool2d(maps, 3, 1, 1))
        return torch.cat(
            [self.branch1x1(maps), self.along("branch7x7", maps), self.along("branch7x7dbl", maps), pooled], 1
        )


class D(Block):
    """17 x 17 to 8 x 8."""

    def __init__(self, channels: int, of: Scale) -> None:
        super().__init__()
        three = self.chain("branch3x3", channels, (of(192), 1), (of(320), 3), narrows=True)
        seven = self.chain(
            "branch7x7x3", channels, (of(192), 1), (of(192), (1, 7)), (of(192), (7, 1)), (of(192), 3), narrows=True
        )
        self.out = three + seven + channels

    def forward(self, maps: Tensor) -> Tensor:
        return torch.cat([self.along("branch3x3", maps), self.along("branch7x7x3", maps), max_pool2d(maps, 3, 2)], 1)


class E(Block):
    """8 x 8: 3 x 3 as 1 x 3 beside 3 x 1."""

    def __init__(self, channels: int, of: Scale) -> None:
        super().__init__()
        out = of(384)
        self.branch1x1 = Conv(channels, of(320), 1)
        self.branch3x3_1 = Conv(channels, out, 1)
        self.branch3x3_2a, self.branch3x3_2b = Conv(out, out, (1, 3)), Conv(out, out, (3, 1))
        self.branch3x3dbl_1, self.branch3x3dbl_2 = Conv(channels, of(448), 1), Conv(of(448), out, 3)
        self.branch3x3dbl_3a, self.branch3x3dbl_3b = Conv(out, out, (1, 3)), Conv(out, out, (3, 1))
        self.branch_pool = Conv(channels, of(192), 1)
        self.out = of(320) + 4 * out + of(192)

    def forward(self, maps: Tensor) -> Tensor:
        once, twice = self.branch3x3_1(maps), self.branch3x3dbl_2(self.branch3x3dbl_1(maps))
        sides = [self.branch3x3_2a(once), self.branch3x3_2b(once)]
        sides += [self.branch3x3dbl_3a(twice), self.branch3x3dbl_3b(twice)]
        return torch.cat([self.branch1x1(maps), *sides, self.branch_pool(avg_pool2d(maps, 3, 1, 1))], 1)


class Auxiliary(nn.Module):
    """The side branch, which keeps the gradient of a deep network alive while it is trained."""

    def __init__(self, channels: int, labels: int, of: Scale) -> None:
        super().__init__()
        self.conv0 = Conv(channels, of(128), 1)
        self.conv1 = Conv(of(128), of(768), 5, padded=False)
        self.fc = nn.Linear(of(768), labels)

    def forward(self, maps: Tensor) -> Tensor:
        # The published 299 px come here as 17 x 17; films too small for its window are pooled to the same 5 x 5.
        coarse = avg_pool2d(maps, 5, 3) if min(maps.shape[2:]) >= 17 else adaptive_avg_pool2d(maps, 5)
        return self.fc(self.conv1(self.conv0(coarse)).mean((2, 3)))


class Inception(nn.Module):
    """The layers, by torchvision's names."""

    def __init__(self, labels: int, width: float, auxiliary: bool, dropout: float) -> None:
        super().__init__()
        of = partial(_scaled, width=width)
        self.Conv2d_1a_3x3 = Conv(3, of(32), 3, 2, padded=False)
        self.Conv2d_2a_3x3 = Conv(of(32), of(32), 3, padded=False)
        self.Conv2d_2b_3x3 = Conv(of(32), of(64), 3)
        self.Conv2d_3b_1x1 = Conv(of(64), of(80), 1)
        self.Conv2d_4a_3x3 = Conv(of(80), of(192), 3, padded=False)
        self.Mixed_5b = A(of(192), 32, of)
        self.Mixed_5c = A(self.Mixed_5b.out, 64, of)
        self.Mixed_5d = A(self.Mixed_5c.out, 64, of)
        self.Mixed_6a = B(self.Mixed_5d.out, of)
        self.Mixed_6b = C(self.Mixed_6a.out, 128, of)
        self.Mixed_6c = C(self.Mixed_6b.out, 160, of)
        self.Mixed_6d = C(self.Mixed_6c.out, 160, of)
        self.Mixed_6e = C(self.Mixed_6d.out, 192, of)
        self.AuxLogits = Auxiliary(self.Mixed_6e.out, labels, of) if auxiliary else None
        self.Mixed_7a = D(self.Mixed_6e.out, of)
        self.Mixed_7b = E(self.Mixed_7a.out, of)
        self.Mixed_7c = E(self.Mixed_7b.out, of)
        self.dropout = nn.Dropout(dropout)
        self.fc = nn.Linear(self.Mixed_7c.out, labels)
        for layer in self.modules():
            if isinstance(layer, nn.Conv2d):
                nn.init.trunc_normal_(layer.weight, std=0.1)

    def middle(self, images: Tensor) -> Tensor:
        """As far as the side branch."""
        maps = self.Conv2d_2b_3x3(self.Conv2d_2a_3x3(self.Conv2d_1a_3x3(images)))
        maps = self.Conv2d_4a_3x3(self.Conv2d_3b_1x1(max_pool2d(maps, 3, 2)))
        maps = self.Mixed_5d(self.Mixed_5c(self.Mixed_5b(max_pool2d(maps, 3, 2))))
        return self.Mixed_6e(self.Mixed_6d(self.Mixed_6c(self.Mixed_6b(self.Mixed_6a(maps)))))

    def end(self, maps: Tensor) -> Tensor:
        """From there to the last map."""
        return self.Mixed_7c(self.Mixed_7b(self.Mixed_7a(maps)))


class InceptionV3(Classifier):
    """Inception v3, published for 299 px.

    width: a factor on every channel count. auxiliary: with the side branch of training, as published weights have it.
    """

    heads = ("fc", "AuxLogits.fc")
    least_px = 75

    def __init__(self, labels: int, width: float = 1.0, auxiliary: bool = False, dropout: float = 0.5) -> None:
        super().__init__()
        self.network = Inception(labels, width, auxiliary, dropout)
        self.network.config = OsteolensConfig.of(labels, width=width, auxiliary=auxiliary, dropout_rate=dropout)

    @property
    def head(self) -> nn.Linear:
        return self.network.fc

    def forward(self, images: Tensor) -> Output:
        self._large_enough(images)
        middle = self.network.middle(images)
        maps = self.network.end(middle)
        features = maps.mean((2, 3))
        branch = self.network.AuxLogits
        side = branch(middle) if branch is not None and self.training else None
        return Output(self.head(self.network.dropout(features)), features, maps, side)


def _scaled(channels: int, width: float) -> int:
    return max(4, round(channels * width))


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


OsteolensForImageClassification.kind = InceptionV3
