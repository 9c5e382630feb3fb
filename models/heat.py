"""Landmarks as heat: for each, a distribution over the pixels and one more place, "not on this film"."""

import math

import torch
from torch import Tensor

SIGMA = 2.0  # pixels: how wide the heat around a landmark is taught to be
WINDOW = 6  # pixels around the hottest one that are taken as the landmark


def log_shares(logits: Tensor) -> Tensor:
    """Logits [B, K, H, W] to log shares [B, K, H * W + 1], the last of them for "not on this film"."""
    flat = logits.flatten(2)
    # Against as many pixels as there are, an untrained network leaves either answer open.
    absent = flat.new_full((*flat.shape[:2], 1), math.log(flat.shape[2]))
    return torch.cat([flat, absent], 2).log_softmax(2)


def heat_loss(logits: Tensor, points: Tensor, known: Tensor | None = None) -> Tensor:
    """Cross-entropy against a Gaussian around each point [B, K, 2] (x, y in pixels; NaN: not on this film). known
    [B, K]: which points are known, on the film or not; the others cost nothing."""
    height, width = logits.shape[2:]
    there = ~points.isnan().any(2)
    x = torch.arange(width, device=logits.device) + 0.5
    y = torch.arange(height, device=logits.device) + 0.5
    at = points.nan_to_num(0.0)
    across = (-((x - at[..., :1]) ** 2) / (2 * SIGMA**2)).softmax(2)
    down = (-((y - at[..., 1:]) ** 2) / (2 * SIGMA**2)).softmax(2)
    shares = log_shares(logits)
    on_film = shares[..., :-1].unflatten(2, (height, width))
    seen = torch.einsum("bkh,bkhw,bkw->bk", down, on_film, across)
    cost = -torch.where(there, seen, shares[..., -1])
    return cost.mean() if known is None else (cost * known).sum() / known.sum().clamp(min=1)


def points_of(logits: Tensor) -> tuple[Tensor, Tensor]:
    """From logits [K, H, W]: points [K, 2] (x, y in pixels) and how sure each is [K], the share of heat around it."""
    height, width = logits.shape[1:]
    shares = log_shares(logits[None])[0].exp()[:, :-1].unflatten(1, (height, width))
    top = shares.flatten(1).argmax(1)
    points, sure = [], []
    for heat, peak in zip(shares, top.tolist(), strict=True):
        row, column = divmod(peak, width)
        rows = slice(max(0, row - WINDOW), row + WINDOW + 1)
        columns = slice(max(0, column - WINDOW), column + WINDOW + 1)
        near = heat[rows, columns]
        mass = near.sum()
        y = torch.arange(rows.start, rows.start + near.shape[0], device=heat.device) + 0.5
        x = torch.arange(columns.start, columns.start + near.shape[1], device=heat.device) + 0.5
        points.append(torch.stack([(near.sum(0) * x).sum(), (near.sum(1) * y).sum()]) / mass.clamp(min=1e-12))
        sure.append(mass)
    return torch.stack(points), torch.stack(sure)
