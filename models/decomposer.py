"""Networks that decompose a film into a projection of its bone, and tell the density of named regions.

After Gu et al. (BMD-GAN, MICCAI 2022; Medical Image Analysis 2023): the projection is in g/cm2, so that it can be
looked at and measured; a regression head reads the encoder and the projection and refines what the mean intensity says.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import torch
import torch.nn.functional as f
from torch import Tensor, nn
from transformers import ConvNextV2Config, ConvNextV2Model

from models.classifier import Network
from models.plain_config import OsteolensConfig

STEEP = 8.0  # of the softplus that keeps mineral from falling below nought


@dataclass(frozen=True)
class Decomposition:
    """projection [B, 1, H, W]: bone mineral in g/cm2; abmd [B, R]: areal density of each region in g/cm2."""

    projection: Tensor
    abmd: Tensor


class Decomposer(Network):
    """A film [B, 1, H, W] in -1..1 to a Decomposition of the same size, from layers that give (projection, abmd)."""

    heads = ("density",)
    least_px = 32

    def forward(self, images: Tensor) -> Decomposition:
        """Raises ValueError in one sentence for films the network cannot take."""
        self._large_enough(images)
        if images.shape[1] != 1:
            raise ValueError(f"{type(self).__name__} found films of {images.shape[1]} channels and needs 1: grey")
        if any(side % self.least_px for side in images.shape[2:]):
            raise ValueError(
                f"{type(self).__name__} found films of {tuple(images.shape[2:])} px and needs sides that "
                f"{self.least_px} divides; change the size in the candidate's preprocessing"
            )
        return Decomposition(*self.network(images))

    def scale_density(self, mean: Sequence[float], spread: Sequence[float]) -> None:
        """Set the regions' mean and spread [R] in g/cm2, in whose units the head answers."""
        self.network.density.mean.copy_(torch.as_tensor(mean))
        self.network.density.spread.copy_(torch.as_tensor(spread))


class Density(nn.Module):
    """aBMD [B, R] in g/cm2 from the encoder's deepest maps and the projection, as mean + spread x answer.

    grid: the projection is read as the means of grid x grid cells: the crop is laid by landmarks, so that a cell is
    always about the same part of the femur. see_projection: False leaves the encoder alone (direct regression).
    """

    def __init__(self, channels: int, outputs: int, grid: int, hidden: int, see_projection: bool) -> None:
        super().__init__()
        self.grid, self.see_projection = grid, see_projection
        self.reduce = nn.Conv2d(channels, 16, 1)
        width = channels + 16 * 9 + (grid * grid if see_projection else 0)
        self.layers = nn.Sequential(nn.Linear(width, hidden), nn.SiLU(), nn.Linear(hidden, outputs))
        self.mean, self.spread = nn.Buffer(torch.full((outputs,), 0.8)), nn.Buffer(torch.full((outputs,), 0.15))

    def forward(self, deepest: Tensor, projection: Tensor) -> Tensor:
        seen = [deepest.mean((2, 3)), f.adaptive_avg_pool2d(self.reduce(deepest), 3).flatten(1)]
        if self.see_projection:
            seen.append(f.adaptive_avg_pool2d(projection, self.grid).flatten(1))
        return self.mean + self.spread * self.layers(torch.cat(seen, 1).to(self.reduce.weight.dtype)).float()


class Picked(nn.Conv2d):
    """A convolution of one pixel at every `stride`th pixel, which are picked first: with fewer than eight channels,
    oneDNN's own stride writes past its workspace on CPUs with AVX2 alone (uxlfoundation/oneDNN issue 6035)."""

    def __init__(self, channels: int, out: int, stride: int) -> None:
        super().__init__(channels, out, 1)
        self.step = stride

    def forward(self, images: Tensor) -> Tensor:
        return super().forward(images[:, :, :: self.step, :: self.step])


class Residual(nn.Module):
    """Two 3 x 3 convolutions beside a shortcut."""

    def __init__(self, before: int, after: int, norm: str, stride: int = 1) -> None:
        super().__init__()
        self.layers = nn.Sequential(
            nn.Conv2d(before, after, 3, stride, 1, bias=False), _norm(norm, after), nn.SiLU(),
            nn.Conv2d(after, after, 3, 1, 1, bias=False), _norm(norm, after),
        )  # fmt: skip
        self.shortcut = nn.Identity() if before == after and stride == 1 else Picked(before, after, stride)

    def forward(self, maps: Tensor) -> Tensor:
        return f.silu(self.layers(maps) + self.shortcut(maps))


class Decoder(nn.Module):
    """From the encoder's maps, finest first, back to the film's size; `fold` pixels a side leave as channels."""

    def __init__(self, widths: Sequence[int], fold: int, norm: str) -> None:
        super().__init__()
        self.fold = fold
        self.steps = nn.ModuleList(
            Residual(fine + coarse, fine, norm) for fine, coarse in zip(widths[-2::-1], widths[:0:-1], strict=True)
        )
        self.last = nn.Conv2d(widths[0], fold**2, 3, padding=1)

    def forward(self, levels: Sequence[Tensor]) -> Tensor:
        maps = levels[-1]
        for step, beside in zip(self.steps, levels[-2::-1], strict=True):
            larger = f.interpolate(maps, beside.shape[2:], mode="nearest")
            maps = step(torch.cat([larger, beside], 1))
        return f.softplus(f.pixel_shuffle(self.last(maps), self.fold).float(), beta=STEEP)


class ResidualLayers(nn.Module):
    """A residual encoder and its decoder. Blocks of fold x fold pixels enter as channels, so that no pixel is lost."""

    config: Any

    def __init__(
        self,
        outputs: int,
        widths: Sequence[int],
        fold: int,
        norm: str,
        grid: int,
        hidden: int,
        see_projection: bool,
    ) -> None:
        super().__init__()
        self.fold = fold
        self.encoder = nn.ModuleList(
            Residual(before, after, norm, stride)
            for before, after, stride in zip(
                (fold**2, *widths[:-1]), widths, (1, *(2 for _ in widths[1:])), strict=True
            )
        )
        self.decoder = Decoder(widths, fold, norm)
        self.density = Density(widths[-1], outputs, grid, hidden, see_projection)

    def forward(self, images: Tensor) -> tuple[Tensor, Tensor]:
        maps = f.pixel_unshuffle(images, self.fold).contiguous(memory_format=torch.channels_last)
        levels = []
        for block in self.encoder:
            maps = block(maps)
            levels.append(maps)
        projection = self.decoder(levels)
        return projection, self.density(levels[-1], projection)


class LightDecomposer(Decomposer):
    """A small residual encoder-decoder for CPUs.

    norm: `group` treats each film by itself; `batch` keeps more of how bright a film is.
    """

    def __init__(
        self,
        outputs: int,
        widths: Sequence[int] = (16, 32, 64, 96, 128),
        fold: int = 2,
        norm: str = "batch",
        grid: int = 12,
        hidden: int = 128,
        see_projection: bool = True,
    ) -> None:
        super().__init__()
        self.network = ResidualLayers(outputs, widths, fold, norm, grid, hidden, see_projection)
        self.network.config = OsteolensConfig.of(
            outputs, widths=list(widths), fold=fold, norm=norm, grid=grid, hidden=hidden, see_projection=see_projection
        )


class ConvNextLayers(nn.Module):
    """ConvNeXt-V2's four stages as the encoder; the film itself joins at the end, for what a patch of 4 px has lost."""

    def __init__(self, outputs: int, config: ConvNextV2Config, grid: int, hidden: int, see_projection: bool) -> None:
        super().__init__()
        sizes = list(config.hidden_sizes or ())
        self.encoder = ConvNextV2Model(config)
        fine = max(16, sizes[0] // 2)
        self.finest = Residual(4, fine, "group")
        self.decoder = Decoder((fine, *sizes), 2, "group")
        self.density = Density(sizes[-1], outputs, grid, hidden, see_projection)
        self.config = config

    def forward(self, images: Tensor) -> tuple[Tensor, Tensor]:
        levels = self.encoder(images.expand(-1, 3, -1, -1), output_hidden_states=True).hidden_states[1:]
        projection = self.decoder((self.finest(f.pixel_unshuffle(images, 2)), *levels))
        return projection, self.density(levels[-1], projection)


class ConvNextDecomposer(Decomposer):
    """Woo et al., CVPR 2023, as the encoder; sizes as published for `tiny` unless told."""

    def __init__(
        self,
        outputs: int,
        hidden_sizes: Sequence[int] = (96, 192, 384, 768),
        depths: Sequence[int] = (3, 3, 9, 3),
        grid: int = 12,
        hidden: int = 256,
        see_projection: bool = True,
    ) -> None:
        super().__init__()
        config = ConvNextV2Config(hidden_sizes=list(hidden_sizes), depths=list(depths), num_channels=3)
        self.network = ConvNextLayers(outputs, config, grid, hidden, see_projection)


class Discriminators(nn.Module):
    """Patch discriminators of several scales (Wang et al., pix2pixHD, CVPR 2018), shown film and projection together.

    Each scale sees both at half the size of the one before.
    """

    def __init__(self, scales: int = 2, width: int = 16, layers: int = 3) -> None:
        super().__init__()
        self.scales = nn.ModuleList(PatchDiscriminator(width, layers) for _ in range(scales))

    def forward(self, film: Tensor, projection: Tensor) -> list[list[Tensor]]:
        """Of each scale the maps of every layer; the last is how real each patch looks, [B, 1, h, w]."""
        both, answers = torch.cat([film, projection], 1), []
        for number, judge in enumerate(self.scales):
            answers.append(judge(f.avg_pool2d(both, 2**number) if number else both))
        return answers


class PatchDiscriminator(nn.Module):
    """Isola et al., CVPR 2017: convolutions of stride 2, and an answer for each patch."""

    def __init__(self, width: int, layers: int) -> None:
        super().__init__()
        channels = [2, *(width * 2**number for number in range(layers))]
        self.layers = nn.ModuleList(
            nn.Sequential(
                nn.Conv2d(before, after, 4, 2, 1),
                *([nn.GroupNorm(1, after)] if before != 2 else []),
                nn.LeakyReLU(0.2),
            )
            for before, after in pairwise(channels)
        )
        self.answer = nn.Conv2d(channels[-1], 1, 3, padding=1)

    def forward(self, maps: Tensor) -> list[Tensor]:
        found = []
        for layer in self.layers:
            maps = layer(maps)
            found.append(maps)
        return [*found, self.answer(maps)]


def _norm(kind: str, channels: int) -> nn.Module:
    if kind == "batch":
        return nn.BatchNorm2d(channels)
    if kind == "group":
        return nn.GroupNorm(4, channels)
    raise ValueError(f"found norm {kind!r}, expected batch or group; change it in the candidate's options")
