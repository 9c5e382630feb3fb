"""The ways films of the same bone differ, made on the training device. Never a mirror: side matters."""

import torch
import torch.nn.functional as f
from torch import Tensor


def augment(grey: Tensor, random: torch.Generator) -> Tensor:
    """Another film of each of the same knees: grey [B, H, W] in 0..1 to the same.

    Turned up to 7 degrees, scaled 0.9 to 1.12, shifted 4 %; exposure (gamma), contrast, blur, quantum noise; now and
    then a collimated edge or a bright marker, so that neither can stand for a class.
    """
    batch, height, width = grey.shape

    def uniform(low: float, high: float) -> Tensor:
        return low + (high - low) * torch.rand(batch, generator=random).to(grey.device)

    angle, scale = torch.deg2rad(uniform(-7, 7)), uniform(0.9, 1.12)
    cos, sin = torch.cos(angle) / scale, torch.sin(angle) / scale
    aspect = height / width
    transform = torch.stack(
        [
            torch.stack([cos, -sin * aspect, uniform(-0.08, 0.08)], 1),
            torch.stack([sin / aspect, cos, uniform(-0.08, 0.08)], 1),
        ],
        1,
    )
    grid = f.affine_grid(transform, [batch, 1, height, width], align_corners=False)
    film = f.grid_sample(grey[:, None], grid, padding_mode="zeros", align_corners=False)[:, 0]
    blur = uniform(0, 1)[:, None, None]
    film = (1 - blur) * film + blur * f.avg_pool2d(film[:, None], 3, 1, 1, count_include_pad=False)[:, 0]
    film = film.clamp(0, 1) ** torch.exp(uniform(-0.35, 0.35))[:, None, None]
    film = (film - 0.5) * uniform(0.8, 1.2)[:, None, None] + 0.5 + uniform(-0.08, 0.08)[:, None, None]
    noise = torch.randn(film.shape, generator=random).to(grey.device)
    film = film + noise * uniform(0, 0.03)[:, None, None]
    film = _collimate(film, uniform(-0.3, 0.12), uniform(-0.3, 0.12))
    return _mark(film, uniform(0, 1), uniform(0.02, 0.98), uniform(0.02, 0.98)).clamp(0, 1)


def _collimate(film: Tensor, across: Tensor, down: Tensor) -> Tensor:
    """Black beyond a margin, where the drawn margin is positive."""
    height, width = film.shape[1:]
    rows = torch.linspace(0, 1, height, device=film.device)[None, :, None]
    columns = torch.linspace(0, 1, width, device=film.device)[None, None, :]
    open_rows = (rows >= down[:, None, None]) & (rows <= 1 - down[:, None, None])
    open_columns = (columns >= across[:, None, None]) & (columns <= 1 - across[:, None, None])
    return film * (open_rows & open_columns)


def _mark(film: Tensor, chance: Tensor, row: Tensor, column: Tensor) -> Tensor:
    """A small bright rectangle on every third film."""
    height, width = film.shape[1:]
    rows = torch.linspace(0, 1, height, device=film.device)[None, :, None]
    columns = torch.linspace(0, 1, width, device=film.device)[None, None, :]
    inside = ((rows - row[:, None, None]).abs() < 0.025) & ((columns - column[:, None, None]).abs() < 0.02)
    return torch.where(inside & (chance[:, None, None] < 1 / 3), 0.95, film)
