"""Which pixels belong to which region, as a training objective."""

from collections.abc import Mapping, Sequence

import numpy as np
import numpy.typing as npt
import torch
import torch.nn.functional as f
from monai.losses.dice import DiceLoss
from torch import Tensor, nn

from imaging.preprocess import Preprocess
from models.engine import dense_input
from tasks.augment import draw_bends, draw_moves, frame, relook, revendor, warp
from tasks.objective import Objective

Bytes = npt.NDArray[np.uint8]


class MaskObjective(Objective):
    """Where the regions of a limb lie: crops uint8 [N, h, w] with room around, of which `zoom` is shown, and masks of
    the same size, region r in bit r. known: uint8 [N], which regions of a limb are known, by the same bits; what is
    drawn of the others costs nothing, so that a region without a mask is not learned to be absent. All unless told."""

    def __init__(
        self,
        crops: Bytes,
        masks: Bytes,
        regions: int,
        preprocess: Preprocess,
        zoom: float,
        known: Bytes | None = None,
    ) -> None:
        super().__init__()
        told = np.full(len(masks), 255, np.uint8) if known is None else known
        self.films = (torch.from_numpy(crops), torch.from_numpy(masks), torch.from_numpy(told))
        self.size, self.zoom, self.regions = preprocess.size, zoom, regions
        self.dice = DiceLoss(batch=True, reduction="none")

    def loss(self, network: nn.Module, batch: Sequence[Tensor], random: torch.Generator, vary: bool = True) -> Tensor:
        crops, bits, told = batch
        grey = crops[:, None].float() / 255
        masks, known = (
            torch.stack([(one >> region) & 1 for region in range(self.regions)], 1).float() for one in (bits, told)
        )
        # Wider than a reading's boxes ever are off: close-ups and badly centred crops are to be outlined as well.
        moves = (
            draw_moves(len(crops), random, self.zoom, turn=15.0, scale=(0.8, 1.3), shift=0.12)
            if vary
            else torch.tensor([[self.zoom, 0.0, 0.0], [0.0, self.zoom, 0.0]]).expand(len(crops), 2, 3)
        )
        bends = draw_bends(len(crops), random) if vary else None
        film, truth = (warp(one, moves, self.size, bends=bends) for one in (grey, masks))
        film, truth = film[:, 0], (truth > 0.5).float()
        if vary:
            film, exposed = frame(relook(revendor(film, random), random, framed=False), random)
            film, truth = film.clamp(0, 1), truth * exposed[:, None]
        logits = network(dense_input(film))
        seen = known[:, :, None, None]
        regions = known.any(0)  # that anything is known of in this batch
        dice = self.dice(logits.sigmoid() * seen, truth * seen).flatten()[regions]
        cost = f.binary_cross_entropy_with_logits(logits, truth, reduction="none").mean((2, 3))
        total: Tensor = dice.sum() / regions.sum().clamp(min=1) + (cost * known).sum() / known.sum().clamp(min=1)
        return total

    def figures(self, network: nn.Module, batch: Sequence[Tensor]) -> Mapping[str, Tensor]:
        """Dice of the regions that are known, all pixels of the rows together."""
        crops, bits, told = batch
        still = torch.tensor([[self.zoom, 0.0, 0.0], [0.0, self.zoom, 0.0]]).expand(len(crops), 2, 3)
        masks, known = (
            torch.stack([(one >> region) & 1 for region in range(self.regions)], 1).float() for one in (bits, told)
        )
        film, truth = (warp(one, still, self.size) for one in (crops[:, None].float() / 255, masks))
        seen = known[:, :, None, None]
        drawn, truth = (network(dense_input(film[:, 0])) > 0) * seen, (truth > 0.5) * seen
        whole = drawn.sum() + truth.sum()
        return {"dice": 2 * (drawn * truth).sum() / whole} if whole else {}
