"""VGG-16 (Simonyan and Zisserman, ICLR 2015), its weights named as torchvision names them."""

from itertools import pairwise

from torch import Tensor, nn

from models.classifier import Classifier, Output
from models.plain_config import OsteolensConfig

STAGES = ((64, 64), (128, 128), (256, 256, 256), (512, 512, 512), (512, 512, 512))


class Vgg(nn.Module):
    """Five stages of 3 x 3 convolutions, then three layers over 7 x 7 cells."""

    def __init__(self, labels: int, width: float, hidden: int, dropout: float) -> None:
        super().__init__()
        stages = [[max(4, round(channels * width)) for channels in stage] for stage in STAGES]
        layers: list[nn.Module] = []
        last = 3
        for stage in stages:
            for channels, out in pairwise((last, *stage)):
                layers += [nn.Conv2d(channels, out, 3, padding=1), nn.ReLU(inplace=True)]
            layers.append(nn.MaxPool2d(2))
            last = stage[-1]
        self.features = nn.Sequential(*layers)
        self.avgpool = nn.AdaptiveAvgPool2d(7)
        self.classifier = nn.Sequential(
            *(nn.Linear(last * 49, hidden), nn.ReLU(inplace=True), nn.Dropout(dropout)),
            *(nn.Linear(hidden, hidden), nn.ReLU(inplace=True), nn.Dropout(dropout)),
            nn.Linear(hidden, labels),
        )
        for layer in self.features:
            if isinstance(layer, nn.Conv2d):
                nn.init.kaiming_normal_(layer.weight, mode="fan_out", nonlinearity="relu")
                nn.init.zeros_(layer.bias)  # type: ignore[arg-type]


class VGG16(Classifier):
    """VGG-16. width: a factor on the channels of the convolutions. hidden: units of the two layers before the last."""

    heads = ("classifier.6",)

    def __init__(self, labels: int, width: float = 1.0, hidden: int = 4096, dropout: float = 0.5) -> None:
        super().__init__()
        self.network = Vgg(labels, width, hidden, dropout)
        self.network.config = OsteolensConfig.of(labels, width=width, hidden=hidden, dropout_rate=dropout)

    @property
    def head(self) -> nn.Linear:
        return self.network.classifier[6]

    def forward(self, images: Tensor) -> Output:
        self._large_enough(images)
        maps = self.network.features[:-1](images)  # before the last pooling, which would halve what a map can show
        cells = self.network.avgpool(self.network.features[-1](maps)).flatten(1)
        features = self.network.classifier[:6](cells)
        return Output(self.head(features), features, maps)
