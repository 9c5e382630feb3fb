# Made from Osteolens, Apache-2.0: models/classifier.py, models/plain_config.py, models/densenet.py, models/hub/model.py.
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


"""DenseNet-121 (Huang et al., CVPR 2017), with MONAI's layers."""

from collections.abc import Sequence

from monai.networks.nets import DenseNet
from torch import Tensor, nn
from torch.nn.functional import dropout as drop, relu



class DenseNet121(Classifier):
    """DenseNet-121, or a thinner one by `init_features`, `growth_rate` and `block_config`.

    layer_dropout: after each dense layer. dropout: before the last layer.
    """

    heads = ("class_layers.out",)

    def __init__(
        self,
        labels: int,
        init_features: int = 64,
        growth_rate: int = 32,
        block_config: Sequence[int] = (6, 12, 24, 16),
        layer_dropout: float = 0.0,
        dropout: float = 0.0,
    ) -> None:
        super().__init__()
        self.dropout = dropout
        self.network = DenseNet(
            2, 3, labels, init_features, growth_rate, tuple(block_config), dropout_prob=layer_dropout
        )
        self.network.config = OsteolensConfig.of(
            labels,
            init_features=init_features,
            growth_rate=growth_rate,
            block_config=list(block_config),
            layer_dropout=layer_dropout,
            dropout_rate=dropout,
        )

    @property
    def head(self) -> nn.Linear:
        return self.network.class_layers.out

    def forward(self, images: Tensor) -> Output:
        self._large_enough(images)
        maps = relu(self.network.features(images))
        features = maps.mean((2, 3))
        return Output(self.head(drop(features, self.dropout, self.training)), features, maps)


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


OsteolensForImageClassification.kind = DenseNet121
