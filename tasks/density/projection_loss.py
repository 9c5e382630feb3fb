"""What a wrong projection costs: the four terms of Gu et al. (MICCAI 2022), each on its own."""

from collections.abc import Sequence

import torch
from torch import Tensor

Maps = Sequence[Sequence[Tensor]]  # of each discriminator the maps of each layer, the answer last


def absolute(drawn: Tensor, truth: Tensor) -> Tensor:
    """Mean absolute difference of projections [B, 1, H, W], in their unit (g/cm2)."""
    return (drawn - truth).abs().mean()


def gradient_correlation(drawn: Tensor, truth: Tensor) -> Tensor:
    """One less the gradient correlation: 0 for projections [B, 1, H, W] whose edges agree, 1 where they have nothing in
    common, 2 for opposite ones; how bright either is does not count (Penney et al., IEEE TMI 1998)."""
    ours, theirs = gradients(drawn), gradients(truth)
    return 1 - normalised_correlation(ours, theirs).mean()


def gradients(images: Tensor) -> Tensor:
    """Sobel's differences of images [B, 1, H, W] across and down, [B, 2, H - 2, W - 2]. Sums of slices instead of a
    convolution, which mixed precision would round."""
    columns = images[..., :-2] + 2 * images[..., 1:-1] + images[..., 2:]  # smoothed across, [H, W - 2]
    rows = images[..., :-2, :] + 2 * images[..., 1:-1, :] + images[..., 2:, :]  # smoothed down, [H - 2, W]
    across = rows[..., 2:] - rows[..., :-2]
    down = columns[..., 2:, :] - columns[..., :-2, :]
    return torch.cat([across, down], 1)


def normalised_correlation(one: Tensor, other: Tensor) -> Tensor:
    """Pearson's correlation of each pair of maps [B, C, H, W], [B, C]; 0 where either is the same all over."""
    a, b = (maps.flatten(2) - maps.flatten(2).mean(2, keepdim=True) for maps in (one, other))
    return (a * b).sum(2) / (a.square().sum(2) * b.square().sum(2)).clamp(min=1e-12).sqrt()


def feature_matching(drawn: Maps, truth: Maps) -> Tensor:
    """Mean absolute difference of what the discriminators see in both, over scales and layers but the answer (Wang et
    al., CVPR 2018). The truth's maps are taken as given."""
    gaps = [
        (mine - real.detach()).abs().mean()
        for ours, theirs in zip(drawn, truth, strict=True)
        for mine, real in zip(ours[:-1], theirs[:-1], strict=True)
    ]
    return torch.stack(gaps).mean()


def least_squares(answers: Maps, real: bool) -> Tensor:
    """How far the discriminators' answers are from `real` (1) or not (0): mean square, averaged over the scales (Mao et
    al., ICCV 2017)."""
    return torch.stack([(scale[-1] - float(real)).square().mean() for scale in answers]).mean()
