"""Which class a film or limb shows, as a training objective."""

from collections.abc import Mapping, Sequence

import numpy as np
import numpy.typing as npt
import torch
import torch.nn.functional as f
from torch import Tensor, nn

from imaging.preprocess import Preprocess
from models.networks import Network
from tasks.augment import draw_moves, relook, revendor, warp
from tasks.objective import Objective
from tasks.part import Loss

Bytes = npt.NDArray[np.uint8]


class ClassObjective(Objective):
    """Which class a film shows.

    films: uint8 [N, h, w], through the candidate's preprocessing, or crops with room around of which `zoom` is shown.
    labels: [N]. guide: [N, M] measures that the features must tell as well (NaN where not known), standardised here;
    it weighs more than the class, for a measure says of every film what a class says only of those at its border.
    masks: uint8 [N, h, w] beside the films, region r in bit r of `regions`: the maps must tell as well how much of each
    region lies in each of their cells, so that a network learns where to look before it learns what to see there.
    known: uint8 [N], which regions of a row are known, by the same bits; all unless told.
    tone: how strongly exposure and contrast vary. vendors: whether films are also shown as another maker would process
    them. matted: black around a region stays so.
    """

    GUIDED = 4.0
    PLACED = 2.0

    def __init__(
        self,
        films: Bytes,
        labels: npt.NDArray[np.int64],
        label_count: int,
        preprocess: Preprocess,
        zoom: float = 1.0,
        loss: Loss = "cross_entropy",
        balanced: bool = True,
        guide: npt.NDArray[np.floating] | None = None,
        masks: Bytes | None = None,
        known: Bytes | None = None,
        regions: int = 0,
        tone: float = 1.0,
        vendors: bool = False,
        matted: bool = False,
    ) -> None:
        super().__init__()
        self.size, self.zoom, self.kind = preprocess.size, zoom, loss
        self.tone, self.vendors, self.matted = tone, vendors, matted
        self.pad = preprocess.fit == "pad"
        mean, std = (torch.tensor(values)[None, :, None, None] for values in (preprocess.mean, preprocess.std))
        self.mean, self.std = nn.Buffer(mean, persistent=False), nn.Buffer(std, persistent=False)
        counts = torch.bincount(torch.from_numpy(labels), minlength=label_count).clamp(min=1)
        weight = counts.sum() / counts if balanced else torch.ones(label_count)
        self.weight = nn.Buffer(weight / weight.mean(), persistent=False)
        self.tell: nn.Linear | None = None
        self.place: nn.Conv2d | None = None
        self.regions = regions
        measured = np.empty((len(labels), 0)) if guide is None else guide
        scaled = (measured - np.nanmean(measured, 0)) / np.maximum(np.nanstd(measured, 0), 1e-6)
        outlined = np.empty((len(labels), 0, 0), np.uint8) if masks is None else masks[:, ::2, ::2]  # cells are coarse
        self.films = (
            shrunk(torch.from_numpy(films), preprocess.size, zoom),
            torch.from_numpy(labels),
            torch.from_numpy(scaled.astype(np.float32)),
            torch.from_numpy(np.ascontiguousarray(outlined)),
            torch.from_numpy(np.full(len(labels), 255, np.uint8) if known is None else known),
        )

    def ready(self, network: Network) -> None:
        """Give the guide and the outlines last layers of their own, as wide as the network's features and maps."""
        with torch.inference_mode():
            output = network.eval()(torch.zeros(1, 3, *self.size))
        if self.films[2].shape[1]:
            self.tell = nn.Linear(output.features.shape[1], self.films[2].shape[1])
        if self.films[3].shape[1]:
            self.place = nn.Conv2d(output.maps.shape[1], self.regions, 1)

    def loss(self, network: nn.Module, batch: Sequence[Tensor], random: torch.Generator, vary: bool = True) -> Tensor:
        moves = draw_moves(len(batch[0]), random, self.zoom) if vary else self._still(len(batch[0]))
        output = network((self.shown(batch[0], moves, random, vary)[:, None] - self.mean) / self.std)
        smoothing = 0.05 if vary else 0.0
        cost = f.cross_entropy(output.logits, batch[1], self.weight, label_smoothing=smoothing)
        if output.auxiliary is not None:
            cost = cost + 0.3 * f.cross_entropy(output.auxiliary, batch[1], self.weight)
        if self.kind == "ordinal":
            cost = cost + earth_movers(output.logits, batch[1], self.weight)
        if self.tell is not None and vary:
            known = ~batch[2].isnan()
            # The sum over a count, for the mean of a batch of which nothing is known would be NaN.
            off = f.smooth_l1_loss(self.tell(output.features)[known], batch[2][known], reduction="sum")
            cost = cost + self.GUIDED * off / known.sum().clamp(min=1)
        if self.place is not None and vary:
            masks = torch.stack([(batch[3] >> region) & 1 for region in range(self.regions)], 1).float()
            share = f.adaptive_avg_pool2d(warp(masks, moves, self.size), output.maps.shape[2:])
            told = torch.stack([(batch[4] >> region) & 1 for region in range(self.regions)], 1).float()
            off = f.binary_cross_entropy_with_logits(self.place(output.maps), share, reduction="none").mean((2, 3))
            cost = cost + self.PLACED * (off * told).sum() / told.sum().clamp(min=1)
        return cost

    def figures(self, network: nn.Module, batch: Sequence[Tensor]) -> Mapping[str, Tensor]:
        """Share of rows whose class is the likeliest one."""
        grey = self.shown(batch[0], self._still(len(batch[0])), torch.Generator(), vary=False)
        said = network((grey[:, None] - self.mean) / self.std).logits.argmax(1)
        return {"accuracy": (said == batch[1]).float().mean()}

    def shown(self, films: Tensor, moves: Tensor, random: torch.Generator, vary: bool = True) -> Tensor:
        """Grey [B, H, W] in 0..1 of the network's size, moved and varied, or as a reading would show it."""
        grey = films.float() / 255
        if not vary:
            unmoved = self.zoom == 1 and grey.shape[1:] == self.size
            return grey if unmoved else warp(grey[:, None], moves, self.size)[:, 0]
        grey = warp(grey[:, None], moves, self.size)[:, 0]
        bone = grey > 0
        if self.vendors:
            grey = revendor(grey, random, self.tone)
        grey = relook(grey, random, self.tone, framed=not self.matted)
        return grey * bone if self.matted else grey

    def _still(self, count: int) -> Tensor:
        return torch.tensor([[self.zoom, 0.0, 0.0], [0.0, self.zoom, 0.0]]).expand(count, 2, 3)


def shrunk(films: Tensor, size: tuple[int, int], zoom: float) -> Tensor:
    """Films uint8 [N, h, w] no finer than a network of that size sees them: `warp` would skip the pixels between."""
    height, width = (round(side / zoom) for side in size)
    if films.shape[1] < 1.1 * height or films.shape[2] < 1.1 * width:
        return films
    some = [f.interpolate(part[:, None].float(), (height, width), mode="bilinear", antialias=True)[:, 0]
            for part in torch.split(films, 256)]  # fmt: skip
    return torch.cat([part.round().byte() for part in some])


def earth_movers(logits: Tensor, labels: Tensor, weight: Tensor) -> Tensor:
    """Squared earth mover's distance between ordered classes (Hou et al., 2016): logits [B, K], labels [B]."""
    truth = f.one_hot(labels, logits.shape[1]).float()
    distance = (logits.softmax(1).cumsum(1) - truth.cumsum(1)).square().sum(1)
    return (distance * weight[labels]).sum() / weight[labels].sum()
