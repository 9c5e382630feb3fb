"""Where landmarks lie on a film, as a training objective."""

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
import torch
import torch.nn.functional as f
from torch import Tensor, nn

from anatomy.vertebral_body import ROOM
from imaging.preprocess import Preprocess
from models.engine import dense_input
from models.heat import heat_loss
from tasks.augment import blank, draw_moves, move_points, relook, revendor, shade, stretch, warp
from tasks.objective import Objective

Bytes = npt.NDArray[np.uint8]


class LandmarkObjective(Objective):
    """Where landmarks lie on whole films: uint8 [N, h, h] padded to a square, and points [N, K, 2] (x, y as shares of
    the square; NaN where not on the film). known [N, K]: which points are known, all unless told; the others cost
    nothing, so that none is learned to be absent. Half of the films are shown close up, around one of their limbs.

    groups: which landmarks belong to one limb. tone: how strongly exposure, contrast and processing vary. zoom: share
    of a film that is shown; below 1 for crops cut with room around. rough: whether films are also shaded from place to
    place, blanked at corners and drawn out or sheared, none of which virtual films are.
    """

    def __init__(
        self,
        films: Bytes,
        points: npt.NDArray[np.floating],
        preprocess: Preprocess,
        groups: Sequence[Sequence[int]],
        tone: float = 1.0,
        zoom: float = 1.0,
        known: npt.NDArray[np.bool_] | None = None,
        rough: bool = False,
    ) -> None:
        super().__init__()
        self.rough = rough
        said = np.full(points.shape[:2], True) if known is None else known
        self.films = (torch.from_numpy(films), torch.from_numpy(points.astype(np.float32)), torch.from_numpy(said))
        self.size, self.groups, self.tone, self.zoom = preprocess.size, groups, tone, zoom

    def loss(self, network: nn.Module, batch: Sequence[Tensor], random: torch.Generator, vary: bool = True) -> Tensor:
        grey, points = batch[0][:, None].float() / 255, batch[1]
        if vary:
            moves = self._moves(points.cpu(), random)
            film = warp(grey, moves, self.size)[:, 0]
            film = revendor(film, random, self.tone)
            if self.rough:
                film = blank(shade(film, random), random)
            film = relook(film, random, self.tone)
            points = move_points(points, moves.to(points.device), self.size[0] / self.size[1])
        elif self.zoom == 1:
            film = f.interpolate(grey, self.size, mode="bilinear", antialias=True)[:, 0]
        else:
            still = torch.tensor([[self.zoom, 0.0, 0.0], [0.0, self.zoom, 0.0]]).expand(len(grey), 2, 3)
            film = warp(grey, still, self.size)[:, 0]
            points = move_points(points, still.to(points.device), self.size[0] / self.size[1])
        off = ((points < 0.01) | (points > 0.99)).any(2, keepdim=True)
        heat = network(dense_input(film))
        points = points.masked_fill(off, torch.nan) * points.new_tensor([heat.shape[3], heat.shape[2]])
        return heat_loss(heat, points, batch[2])

    def _moves(self, points: Tensor, random: torch.Generator) -> Tensor:
        """Turned and shifted a little; every other film close up, its middle near a limb's."""
        count = len(points)
        moves = draw_moves(count, random, turn=12.0, scale=(0.85, 1.15), shift=0.1)
        if self.rough:
            moves = stretch(moves, random)
        for row in torch.nonzero(torch.rand(count, generator=random) < 0.5).flatten().tolist():
            limbs = [points[row, list(group)] for group in self.groups]
            limbs = [limb for limb in limbs if not limb.isnan().any()]
            closer = 0.3 + 0.6 * float(torch.rand(1, generator=random))
            middle = torch.zeros(2)
            if limbs:
                limb = limbs[int(torch.randint(len(limbs), (1,), generator=random))]
                middle = limb.mean(0) * 2 - 1
                extent = float((limb.amax(0) - limb.amin(0)).max())
                closer = extent * (1.1 + 2.4 * float(torch.rand(1, generator=random)))
            closer = min(closer, 1.0)
            wander = (torch.rand(2, generator=random) - 0.5) * 0.7 * closer
            moves[row, :, :2] *= closer
            moves[row, :, 2] = middle + wander
        return moves


class VertebraObjective(LandmarkObjective):
    """Six points of each body on whole films, which are shown from closer and farther away, and shifted: real ones end
    anywhere between the ribs and the sacrum. Their tone varies more than others', for beside a pelvis that is nearly
    white the upper spine of a real film may be nearly black."""

    TONE = 1.6

    def __init__(
        self,
        films: Bytes,
        points: npt.NDArray[np.floating],
        preprocess: Preprocess,
        known: npt.NDArray[np.bool_] | None = None,
    ) -> None:
        super().__init__(films, points, preprocess, (), self.TONE, known=known)

    def _moves(self, points: Tensor, random: torch.Generator) -> Tensor:
        return draw_moves(len(points), random, turn=12.0, scale=(0.75, 1.7), shift=0.25)


class BodyObjective(LandmarkObjective):
    """Six points of one body on the square around it, which a first look has laid a little off its middle."""

    TONE = 1.3

    def __init__(self, crops: Bytes, points: npt.NDArray[np.floating], preprocess: Preprocess) -> None:
        super().__init__(crops, points, preprocess, (), self.TONE, 1 / ROOM)

    def _moves(self, points: Tensor, random: torch.Generator) -> Tensor:
        return draw_moves(len(points), random, self.zoom, turn=20.0, scale=(0.8, 1.25), shift=0.22)
