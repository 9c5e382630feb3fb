"""The edge of table or mattress: a faint straight line near a film's border, and the step beside it."""

import math

import torch
from torch import Tensor

SHARE = 0.3  # of films that show one


def edge(shape: tuple[int, int], pitch_mm: float, generator: torch.Generator, device: str) -> Tensor:
    """What table or mattress adds to the attenuation [H, W]: nothing in most films, else up to 0.1 on one side of a
    nearly upright or level line and a little more on the seam."""
    seen, where, turn, step, seam, wide, inward = torch.rand(7, generator=generator, device=device).tolist()
    added = torch.zeros(shape, device=device)
    if seen > SHARE:
        return added
    border = int(where * 10)  # left and right four times as often as the foot of the film, the head never
    share = 0.015 + 0.13 * (where * 10 - border)
    x = (torch.arange(shape[1], device=device) + 0.5)[None] * pitch_mm
    y = (torch.arange(shape[0], device=device) + 0.5)[:, None] * pitch_mm
    wide_mm, high_mm = shape[1] * pitch_mm, shape[0] * pitch_mm
    slope = math.tan(math.radians(4.0 * (turn - 0.5)))
    if border < 8:
        away = (x if border < 4 else wide_mm - x) - share * wide_mm + slope * (y - high_mm / 2)
    else:
        away = high_mm - y - share * high_mm + slope * (x - wide_mm / 2)
    side = torch.sigmoid((away if inward < 0.7 else -away) / 0.5)
    line = torch.exp(-((away / (0.5 + 1.1 * wide)) ** 2))
    return added + (0.015 + 0.07 * step) * side + (0.02 + 0.09 * seam * seam) * line
