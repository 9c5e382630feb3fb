"""The small network that knee studies set beside the famous ones: three convolutions, learned from nothing."""

from collections.abc import Sequence
from itertools import pairwise

from torch import Tensor, nn

from models.classifier import Classifier, Output
from models.plain_config import OsteolensConfig


class ThreeLayers(nn.Module):
    """Three times convolution and pooling, then a hidden layer over 7 x 7 cells."""

    def __init__(self, labels: int, channels: Sequence[int], hidden: int, dropout: float) -> None:
        super().__init__()
        layers: list[nn.Module] = []
        for before, after in pairwise((3, *channels)):
            layers += [nn.Conv2d(before, after, 3, padding=1), nn.ReLU(inplace=True), nn.MaxPool2d(2)]
        self.features = nn.Sequential(*layers)
        self.pool = nn.AdaptiveAvgPool2d(7)
        self.hidden = nn.Sequential(nn.Linear(channels[-1] * 49, hidden), nn.ReLU(inplace=True))
        self.dropout = nn.Dropout(dropout)
        self.classifier = nn.Linear(hidden, labels)


class CNN3(Classifier):
    """Three convolutions of 3 x 3 with `channels`, each followed by ReLU and 2 x 2 pooling."""

    def __init__(
        self, labels: int, channels: Sequence[int] = (32, 64, 128), hidden: int = 128, dropout: float = 0.5
    ) -> None:
        super().__init__()
        if len(channels) != 3:
            raise ValueError(f"found {len(channels)} channel counts, expected three; give channels as in (32, 64, 128)")
        self.network = ThreeLayers(labels, channels, hidden, dropout)
        self.network.config = OsteolensConfig.of(labels, channels=list(channels), hidden=hidden, dropout_rate=dropout)

    def forward(self, images: Tensor) -> Output:
        self._large_enough(images)
        maps = self.network.features[:-1](images)  # before the last pooling, which would halve what a map can show
        features = self.network.hidden(self.network.pool(self.network.features[-1](maps)).flatten(1))
        return Output(self.network.classifier(self.network.dropout(features)), features, maps)
