"""Where the landmarks of one knee are, whichever it is."""

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor, nn

from anatomy.joint import SIDES
from anatomy.knee import LANDMARKS, NEEDED, TURNED_OVER, pictured
from core.radiograph import Side
from imaging.preprocess import Preprocess
from models.engine import dense_input
from models.heat import heat_loss
from tasks.augment import draw_moves, move_points, relook, revendor, warp
from tasks.objective import Objective

Bytes = npt.NDArray[np.uint8]
CLOSE, FAR = 1.2, 6.5  # what is shown, times the extent of the knee's landmarks


class KneeObjective(Objective):
    """Films uint8 [N, h, h] padded to a square, and points [N, 2 K, 2] in the order of the joint's `outputs` (x, y as
    shares of the square; NaN where not on the film). known [N, 2 K]: which points are known; all unless told.

    Each time one knee of a film is drawn and shown near the middle, the other perhaps beside it; every other film is
    turned over, which makes it a film of the other leg. So neither a leg's place nor the letter on the film can say
    which knee it is.
    """

    def __init__(
        self,
        films: Bytes,
        points: npt.NDArray[np.floating],
        preprocess: Preprocess,
        known: npt.NDArray[np.bool_] | None = None,
    ) -> None:
        super().__init__()
        count = len(LANDMARKS)
        sides: list[tuple[int, Side]] = list(enumerate(SIDES))
        knees = np.stack([points[:, count * n : count * (n + 1)][:, list(pictured(side))] for n, side in sides], 1)
        said = np.full(points.shape[:2], True) if known is None else known
        told = np.stack([said[:, count * n : count * (n + 1)][:, list(pictured(side))] for n, side in sides], 1)
        self.films = (torch.from_numpy(films), torch.from_numpy(knees.astype(np.float32)), torch.from_numpy(told))
        self.size = preprocess.size

    def loss(self, network: nn.Module, batch: Sequence[Tensor], random: torch.Generator, vary: bool = True) -> Tensor:
        grey, knees = batch[0][:, None].float() / 255, batch[1].cpu()
        # Without variation the same views are drawn each time: a film as it is would ask for one of two knees.
        random = random if vary else torch.Generator().manual_seed(len(grey))
        points, moves, over, known = self._drawn(knees, batch[2].cpu(), random)
        film = warp(grey, moves, self.size)[:, 0]
        if vary:
            film = relook(revendor(film, random), random)
        points = move_points(points, moves, self.size[0] / self.size[1])
        points = torch.where(over[:, None, None], points[:, list(TURNED_OVER)], points)
        known = torch.where(over[:, None], known[:, list(TURNED_OVER)], known)
        off = ((points < 0.01) | (points > 0.99)).any(2, keepdim=True)
        heat = network(dense_input(film))
        points = points.masked_fill(off, torch.nan) * points.new_tensor([heat.shape[3], heat.shape[2]])
        return heat_loss(heat, points.to(heat.device), known.to(heat.device))

    @staticmethod
    def _drawn(knees: Tensor, known: Tensor, random: torch.Generator) -> tuple[Tensor, Tensor, Tensor, Tensor]:
        """Points of one knee of each film [B, K, 2], moves that show it [B, 2, 3], which are turned over [B], and which
        points are known [B, K]: where no knee is whole, those that both sides know."""
        count = len(knees)
        moves = draw_moves(count, random, turn=12.0, scale=(0.9, 1.1), shift=0.0)
        over = torch.rand(count, generator=random) < 0.5
        points, told = torch.full_like(knees[:, 0], torch.nan), known.all(1)
        for row in range(count):
            whole = [n for n, knee in enumerate(knees[row]) if not knee[: len(NEEDED)].isnan().any()]
            close = CLOSE * (FAR / CLOSE) ** float(torch.rand(1, generator=random))
            wander = torch.rand(2, generator=random) - 0.5
            if not whole:  # a spine, a hip, the end of a leg: nothing is to be found, however near one looks
                share, middle = min(1.0, 0.2 * close), torch.zeros(2)
            else:
                drawn = whole[int(torch.randint(len(whole), (1,), generator=random))]
                points[row], told[row] = knees[row, drawn], known[row, drawn]
                there = points[row][~points[row].isnan().any(1)]
                share = float((there.amax(0) - there.amin(0)).max()) * close
                middle = there.mean(0) * 2 - 1
                wander = wander * torch.tensor([0.6, 1.4])  # half a film may show a knee high or low, but not far aside
            moves[row, :, :2] *= share
            moves[row, :, 2] = middle + wander * 0.8 * share
        moves[:, :, 0] *= torch.where(over, -1.0, 1.0)[:, None]
        return points, moves, over, told
