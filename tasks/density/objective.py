"""What bone projections and densities teach, with the discriminators as a part of the lesson."""

from collections.abc import Mapping, Sequence

import numpy as np
import numpy.typing as npt
import torch
import torch.nn.functional as f
from torch import Tensor, nn
from torch.func import functional_call

from imaging.preprocess import Preprocess
from models.decomposer import Discriminators
from models.engine import dense_input
from models.networks import Decomposer, Network
from tasks.augment import draw_moves, warp
from tasks.density.projection_loss import absolute, feature_matching, gradient_correlation, least_squares
from tasks.objective import Objective
from tasks.part import Stage


class DensityObjective(Objective):
    """Films with the projection of their bone and the densities of their regions.

    crops: uint8 [N, h, w] with room around, of which `zoom` is shown. projections: [N, p, p] in g/cm2 of the same
    square; a row that is NaN teaches no projection. abmd: [N, R] in g/cm2, NaN where not known. tone: how strongly
    exposure, contrast and processing are varied (1 is a department's own scatter); tones hide density, so mildly.

    The discriminators learn in the same step as the network, from the same scalar: its own part reaches each alone.
    """

    def __init__(
        self,
        crops: npt.NDArray[np.uint8],
        projections: npt.NDArray[np.floating],
        abmd: npt.NDArray[np.floating],
        preprocess: Preprocess,
        zoom: float,
        stage: Stage,
        tone: float = 1.0,
    ) -> None:
        super().__init__()
        self.size, self.zoom, self.stage, self.tone = preprocess.size, zoom, stage, tone
        self.films = (
            torch.from_numpy(crops),
            torch.from_numpy(projections.astype(np.float16)),
            torch.from_numpy(abmd.astype(np.float32)),
        )
        self.judges = Discriminators() if stage.adversarial or stage.matching else None

    def ready(self, network: Network) -> None:
        """Nothing besides the network: the discriminators are there already, drawn from the run's seed."""

    def loss(self, network: nn.Module, batch: Sequence[Tensor], random: torch.Generator, vary: bool = True) -> Tensor:
        film, truth = self.shown(batch[0], batch[1], random, vary)
        answer, stage = network(film), self.stage
        cost: Tensor = 0 * answer.projection.mean()  # a batch may name nothing that this stage learns
        whole = ~truth.isnan().flatten(1).any(1)
        if whole.any():
            film, drawn, truth = film[whole], answer.projection[whole], truth[whole]
            cost = cost + stage.absolute * absolute(drawn, truth)
            if stage.gradient:
                cost = cost + stage.gradient * gradient_correlation(drawn, truth)
            if self.judges is not None and vary:
                cost = cost + self._judged(film, drawn, truth)
        known = ~batch[2].isnan()
        if stage.density and known.any():
            assert isinstance(network, Decomposer)
            off = (answer.abmd - batch[2].nan_to_num()) / network.network.density.spread
            cost = cost + stage.density * f.smooth_l1_loss(off[known], torch.zeros_like(off[known]), beta=0.3)
        return cost

    def figures(self, network: nn.Module, batch: Sequence[Tensor]) -> Mapping[str, Tensor]:
        """How far densities are off, mean of the known ones in g/cm2, in stages that learn them."""
        known = ~batch[2].isnan()
        if not self.stage.density or not known.any():
            return {}
        film, _ = self.shown(batch[0], batch[1], torch.Generator(), vary=False)
        return {"density_off": (network(film).abmd - batch[2])[known].abs().mean()}

    def _judged(self, film: Tensor, drawn: Tensor, truth: Tensor) -> Tensor:
        """What the discriminators make of the projection, for the network; and what they should, for themselves."""
        judges, stage = self.judges, self.stage
        assert judges is not None
        fixed = {name: weights.detach() for name, weights in judges.named_parameters()}
        seen = functional_call(judges, fixed, (film, drawn))
        real = judges(film, truth)
        invented = judges(film, drawn.detach())
        cost = 0.5 * (least_squares(real, True) + least_squares(invented, False))  # theirs
        if stage.matching:
            cost = cost + stage.matching * feature_matching(seen, real)
        return cost + stage.adversarial * least_squares(seen, True)

    def shown(
        self, crops: Tensor, projections: Tensor, random: torch.Generator, vary: bool = True
    ) -> tuple[Tensor, Tensor]:
        """Films [B, 1, *size] as the network takes them and their projections [B, 1, *size], moved alike."""
        grey = crops[:, None].float() / 255
        truth = projections[:, None].float()
        moves = (
            draw_moves(len(crops), random, self.zoom, turn=6.0, scale=(0.93, 1.08), shift=0.06)
            if vary
            else torch.tensor([[self.zoom, 0.0, 0.0], [0.0, self.zoom, 0.0]]).expand(len(crops), 2, 3)
        )
        film, truth = warp(_at(grey, self._loose), moves, self.size), warp(truth, moves, self.size)
        if vary and self.tone:
            film = retone(film[:, 0], random, self.tone)[:, None]
        return dense_input(film[:, 0]), truth

    @property
    def _loose(self) -> int:
        """Pixels of a crop with its room at the network's resolution."""
        return round(self.size[0] / self.zoom)


def retone(film: Tensor, random: torch.Generator, strength: float = 1.0) -> Tensor:
    """The same film [B, H, W] in 0..1 from another room: exposure, contrast, fine against coarse detail, blur, noise.

    Narrow on purpose: how bright bone stands beside flesh is what tells its density, and wide changes hide it. What is
    black, beyond the film, stays so.
    """
    batch, height, width = film.shape

    def uniform(low: float, high: float) -> Tensor:
        value = low + (high - low) * torch.rand(batch, generator=random)
        return value.to(film.device)[:, None, None] * strength

    coarse = f.avg_pool2d(film[:, None], 8, 8)
    coarse = f.avg_pool2d(f.pad(coarse, (1, 1, 1, 1), mode="replicate"), 3, 1)
    coarse = f.interpolate(coarse, (height, width), mode="bilinear", align_corners=False)[:, 0]
    fine = f.avg_pool2d(film[:, None], 3, 1, 1, count_include_pad=False)[:, 0]
    varied = film + uniform(-0.6, 0.6) * (film - fine) + uniform(-0.3, 0.3) * (film - coarse)
    varied = varied.clamp(0, 1) ** torch.exp(uniform(-0.15, 0.15))
    varied = (varied - 0.5) * (1 + uniform(-0.08, 0.08)) + 0.5 + uniform(-0.04, 0.04)
    varied = varied + torch.randn(film.shape, generator=random).to(film.device) * uniform(0, 0.015)
    return varied.clamp(0, 1) * (film > 0)


def _at(images: Tensor, size: int) -> Tensor:
    """Images [B, 1, h, w] at size x size, every pixel the mean of those it stands for."""
    if images.shape[2] == size:
        return images
    return f.interpolate(images, (size, size), mode="bilinear", antialias=True, align_corners=False)
