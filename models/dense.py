"""The networks that answer for every pixel: outlines of regions, or heatmaps of landmarks."""

from collections.abc import Sequence
from typing import Any

import torch
from monai.networks.nets import BasicUNet, BasicUNetPlusPlus
from torch import Tensor
from torch.nn.functional import avg_pool2d, pad, pixel_shuffle, pixel_unshuffle

from models.classifier import Network
from models.plain_config import OsteolensConfig

FEATURES = (32, 32, 64, 128, 256, 32)
STRIDE = 16  # four halvings


class Dense(Network):
    """Images [B, C, H, W] of any size to logits [B, outputs, H, W] of the same size, or coarser ones.

    features: channels at the five depths, and of the last layer. norm_groups: groups of channels normalised together,
    film by film, so that an answer never depends on a film's neighbours in a batch (Wu and He, ECCV 2018).
    fold: blocks of fold x fold pixels enter as channels and leave as such (Shi et al., CVPR 2016): at 2 the layers see
    a quarter of the places and take about a quarter of the time, and no pixel is lost. coarse: one answer a block, for
    heat around landmarks, which is wide. levelled: pixels within which greys are held against their neighbours', so
    that makers' processing and what lies in front of a bone matter less; 0 shows greys as they are.
    """

    least_px = STRIDE
    in_channels: int
    fold: int

    def __init__(
        self,
        layers: type[BasicUNet] | type[BasicUNetPlusPlus],
        outputs: int,
        in_channels: int,
        features: Sequence[int],
        norm_groups: int,
        upsample: str,
        fold: int,
        coarse: bool,
        levelled: int = 0,
        **options: Any,
    ) -> None:
        super().__init__()
        if len(features) != 6 or any(count % norm_groups for count in features):
            raise ValueError(
                f"found features {tuple(features)}, expected six numbers that {norm_groups} divides, "
                f"as in {FEATURES}; change features or norm_groups in the candidate's options"
            )
        self.in_channels, self.fold, self.coarse, self.levelled = in_channels, fold, coarse, levelled
        self.network = layers(
            spatial_dims=2,
            in_channels=in_channels * fold**2,
            out_channels=outputs if coarse else outputs * fold**2,
            features=tuple(features),
            norm=("group", {"num_groups": norm_groups}),
            upsample=upsample,
            **options,
        )
        self.network.to(memory_format=torch.channels_last)  # on CPUs with few channels 1.4 times as fast
        self.network.config = OsteolensConfig.of(
            outputs,
            in_channels=in_channels,
            features=list(features),
            norm_groups=norm_groups,
            upsample=upsample,
            fold=fold,
            **({"coarse": True} if coarse else {}),
            **({"levelled": levelled} if levelled else {}),
            **options,
        )

    def forward(self, images: Tensor) -> Tensor:
        """Raises ValueError in one sentence for films the network cannot take."""
        return self._answers(images)[-1]

    def _answers(self, images: Tensor) -> list[Tensor]:
        self._large_enough(images)
        if images.shape[1] != self.in_channels:
            raise ValueError(
                f"{type(self).__name__} found films of {images.shape[1]} channels and needs {self.in_channels}; "
                "set in_channels in the candidate's options"
            )
        if self.levelled:
            images = level(images, self.levelled)
        height, width = images.shape[2:]
        below, beside = -height % (STRIDE * self.fold), -width % (STRIDE * self.fold)
        whole = pad(images, (0, beside, 0, below), mode="replicate")
        answers = self.network(pixel_unshuffle(whole, self.fold).contiguous(memory_format=torch.channels_last))
        every = answers if isinstance(answers, list) else [answers]
        if self.coarse:
            return [answer[..., : -(-height // self.fold), : -(-width // self.fold)] for answer in every]
        return [pixel_shuffle(answer, self.fold)[..., :height, :width] for answer in every]


class UNet(Dense):
    """Ronneberger et al., MICCAI 2015, in the form of Falk et al., Nat. Methods 2019."""

    heads = ("final_conv",)

    def __init__(
        self,
        outputs: int,
        in_channels: int = 1,
        features: Sequence[int] = FEATURES,
        norm_groups: int = 4,
        upsample: str = "deconv",
        fold: int = 1,
        coarse: bool = False,
        levelled: int = 0,
        dropout: float = 0.0,
    ) -> None:
        super().__init__(
            BasicUNet, outputs, in_channels, features, norm_groups, upsample, fold, coarse, levelled, dropout=dropout
        )


class UNetPlusPlus(Dense):
    """Zhou et al., DLMIA 2018: every depth of U-Net, joined by dense steps across."""

    heads = ("final_conv_0_1", "final_conv_0_2", "final_conv_0_3", "final_conv_0_4")

    def __init__(
        self,
        outputs: int,
        in_channels: int = 1,
        features: Sequence[int] = FEATURES,
        norm_groups: int = 4,
        upsample: str = "deconv",
        fold: int = 1,
        coarse: bool = False,
        dropout: float = 0.0,
        deep_supervision: bool = False,
    ) -> None:
        super().__init__(
            BasicUNetPlusPlus,
            outputs,
            in_channels,
            features,
            norm_groups,
            upsample,
            fold,
            coarse,
            dropout=dropout,
            deep_supervision=deep_supervision,
        )

    def deep(self, images: Tensor) -> list[Tensor]:
        """The logits of every depth, shallowest first, for a loss on each; one alone without `deep_supervision`."""
        return self._answers(images)


def level(images: Tensor, around: int) -> Tensor:
    """Greys [B, C, H, W] against the mean and spread of those within `around` pixels, about -1..1: what is left is
    edges and structure, whatever the brightness and contrast of a place."""

    def mean(values: Tensor) -> Tensor:
        for _ in range(2):  # twice a box is nearly a Gaussian
            values = avg_pool2d(values, 2 * around + 1, 1, around, count_include_pad=False)
        return values

    off = images - mean(images)
    return (off / (2 * (mean(off**2).clamp(min=0).sqrt() + 0.05))).clamp(-2, 2)
