"""Questions of yes or no about a film, with or without what is known of the person."""

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

Bytes = npt.NDArray[np.uint8]
HEARD = 10.0  # times that a rare yes counts at most
HIDDEN = 0.1  # share of each clinical value that is hidden while learning, so that its flag means something
GUIDED = 2.0


class ScoreObjective(Objective):
    """films: uint8 [N, h, w], through the candidate's preprocessing. answers: [N, S], 1 for yes, 0 for no, NaN where
    not known. clinical: [N, 2 C], values and then flags (tasks.scores.clinical), or None. guide: [N, M] measures that
    the features must tell as well, NaN where not known. tone: how strongly exposure, contrast and processing vary.
    """

    def __init__(
        self,
        films: Bytes,
        answers: npt.NDArray[np.floating],
        preprocess: Preprocess,
        clinical: npt.NDArray[np.floating] | None = None,
        guide: npt.NDArray[np.floating] | None = None,
        tone: float = 1.0,
    ) -> None:
        super().__init__()
        self.size, self.tone, self.told = preprocess.size, tone, clinical is not None
        mean, std = (torch.tensor(values)[None, :, None, None] for values in (preprocess.mean, preprocess.std))
        self.mean, self.std = nn.Buffer(mean, persistent=False), nn.Buffer(std, persistent=False)
        yes, no = np.nansum(answers, 0), np.nansum(1 - answers, 0)
        heard = np.clip(no / np.maximum(yes, 1), 1.0, HEARD)
        self.heard = nn.Buffer(torch.tensor(heard, dtype=torch.float32), persistent=False)
        beside = np.zeros((len(films), 0)) if clinical is None else clinical
        measures = np.zeros((len(films), 0)) if guide is None else guide
        if guide is not None:
            known = ~np.isnan(guide)
            counted = np.maximum(known.sum(0), 1)
            mean_of = np.where(known, guide, 0).sum(0) / counted
            spread = np.sqrt(np.where(known, (guide - mean_of) ** 2, 0).sum(0) / counted)
            measures = (guide - mean_of) / np.maximum(spread, 1e-3)
        self.films = (
            torch.from_numpy(films),
            torch.from_numpy(answers.astype(np.float32)),
            torch.from_numpy(beside.astype(np.float32)),
            torch.from_numpy(measures.astype(np.float32)),
        )
        self.tell: nn.Linear | None = None

    def ready(self, network: Network) -> None:
        """Give the guide its own last layer, as wide as the network's features."""
        if self.films[3].shape[1]:
            beside = (self.films[2][:1],) if self.told else ()
            with torch.inference_mode():
                width = network.eval()(torch.zeros(1, 3, *self.size), *beside).features.shape[1]
            self.tell = nn.Linear(width, self.films[3].shape[1])

    def loss(self, network: nn.Module, batch: Sequence[Tensor], random: torch.Generator, vary: bool = True) -> Tensor:
        films, answers, clinical, measures = batch
        shown = (self.shown(films, random, vary)[:, None] - self.mean) / self.std
        beside = ((self.hidden(clinical, random) if vary else clinical),) if self.told else ()
        output = network(shown, *beside)
        known = ~answers.isnan()
        cost = f.binary_cross_entropy_with_logits(
            output.logits.float(), answers.nan_to_num(0.0), pos_weight=self.heard, reduction="none"
        )
        total = (cost * known).sum() / known.sum().clamp(min=1)
        if self.tell is not None and vary:
            there = ~measures.isnan()
            # The sum over a count, for the mean of a batch of which nothing is known would be NaN.
            off = f.smooth_l1_loss(self.tell(output.features).float()[there], measures[there], reduction="sum")
            total = total + GUIDED * off / there.sum().clamp(min=1)
        return total

    def figures(self, network: nn.Module, batch: Sequence[Tensor]) -> Mapping[str, Tensor]:
        """Mean over the known answers of the probability that was given to the right one; a rare yes and a common no
        count alike on neither side, so it is for watching alone."""
        films, answers, clinical, _ = batch
        shown = (self.shown(films, torch.Generator(), vary=False)[:, None] - self.mean) / self.std
        yes = network(shown, *((clinical,) if self.told else ())).logits.float().sigmoid()
        known = ~answers.isnan()
        right = torch.where(answers > 0.5, yes, 1 - yes)
        return {"probability_of_the_truth": right[known].mean()} if known.any() else {}

    def shown(self, films: Tensor, random: torch.Generator, vary: bool = True) -> Tensor:
        """Grey [B, H, W] in 0..1: turned, scaled, mirrored, noisy, from another maker; or as a reading shows it."""
        grey = films.float() / 255
        if not vary:
            return grey
        moves = draw_moves(len(grey), random, turn=6.0, scale=(0.9, 1.15), shift=0.05)
        other_side = torch.where(torch.rand(len(grey), 1, generator=random) < 0.5, -1.0, 1.0)
        moves[:, :, 0] = moves[:, :, 0] * other_side
        grey = warp(grey[:, None], moves, self.size)[:, 0]
        return relook(revendor(grey, random, self.tone), random, self.tone)

    @staticmethod
    def hidden(clinical: Tensor, random: torch.Generator) -> Tensor:
        """Some values as if they were not known: 0, the mean, with the flag set."""
        count = clinical.shape[1] // 2
        gone = (torch.rand(len(clinical), count, generator=random) < HIDDEN).to(clinical.device)
        values, flags = clinical[:, :count], clinical[:, count:]
        return torch.cat([values.masked_fill(gone, 0.0), torch.maximum(flags, gone.float())], 1)
