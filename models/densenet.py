"""DenseNet-121 (Huang et al., CVPR 2017), with MONAI's layers."""

from collections.abc import Sequence

from monai.networks.nets import DenseNet
from torch import Tensor, nn
from torch.nn.functional import dropout as drop, relu

from models.classifier import Classifier, Output
from models.plain_config import OsteolensConfig


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
