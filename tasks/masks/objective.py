"""Which pixels belong to which region, as a training objective."""

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
import torch
import torch.nn.functional as f
from monai.losses import DiceLoss
from torch import Tensor, nn

from imaging.preprocess import Preprocess
from models.engine import dense_input
from tasks.augment import draw_bends, draw_moves, frame, relook, revendor, warp
from tasks.objective import Objective

Bytes = npt.NDArray[np.uint8]


class MaskObjective(Objective):
    """Where the regions of a limb lie: crops uint8 [N, h, w] with room around, of which `zoom` is shown, and masks of
    the same size, region r in bit r."""

    def __init__(self, crops: Bytes, masks: Bytes, regions: int, preprocess: Preprocess, zoom: float) -> None:
        super().__init__()
        self.films = (torch.from_numpy(crops), torch.from_numpy(masks))
        self.size, self.zoom, self.regions = preprocess.size, zoom, regions
        self.dice = DiceLoss(sigmoid=True, batch=True)

    def loss(self, network: nn.Module, batch: Sequence[Tensor], random: torch.Generator, vary: bool = True) -> Tensor:
        crops, bits = batch
        grey = crops[:, None].float() / 255
        masks = torch.stack([(bits >> region) & 1 for region in range(self.regions)], 1).float()
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
        return self.dice(logits, truth) + f.binary_cross_entropy_with_logits(logits, truth)
