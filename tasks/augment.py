"""The ways films of the same bone differ, made on the training device. None mirrors: an objective for which side does
not matter does that itself."""

import torch
import torch.nn.functional as f
from torch import Tensor


def draw_moves(
    count: int,
    random: torch.Generator,
    zoom: float = 1.0,
    turn: float = 7.0,
    scale: tuple[float, float] = (0.9, 1.12),
    shift: float = 0.08,
) -> Tensor:
    """Turns (degrees), scales and shifts (share of half the film) as matrices [B, 2, 3] from the new film to the old.

    zoom: how much of the old film the new one shows when nothing is drawn; below 1 for crops cut with room around.
    """

    def uniform(low: float, high: float) -> Tensor:
        return low + (high - low) * torch.rand(count, generator=random)

    angle, size = torch.deg2rad(uniform(-turn, turn)), zoom / uniform(*scale)
    cos, sin = torch.cos(angle) * size, torch.sin(angle) * size
    return torch.stack(
        [
            torch.stack([cos, -sin, uniform(-shift, shift) * zoom], 1),
            torch.stack([sin, cos, uniform(-shift, shift) * zoom], 1),
        ],
        1,
    )


def stretch(moves: Tensor, random: torch.Generator, by: float = 0.1) -> Tensor:
    """Moves [B, 2, 3] of films that are also drawn out and sheared a little: people differ more than virtual ones."""
    drawn = by * torch.randn(len(moves), 2, 2, generator=random).clamp(-2, 2)
    return torch.cat(
        [moves[:, :, :2] @ (torch.eye(2) + drawn * torch.tensor([[1.0, 0.7], [0.7, 1.0]])), moves[:, :, 2:]], 2
    )


def draw_bends(count: int, random: torch.Generator, strength: float = 0.04) -> Tensor:
    """Other shapes of the same limbs: displacements (shares of half the film) on a coarse grid [B, 2, 5, 5], smooth
    between (Simard et al., ICDAR 2003)."""
    return strength * torch.randn(count, 2, 5, 5, generator=random)


def warp(
    films: Tensor, moves: Tensor, size: tuple[int, int], mode: str = "bilinear", bends: Tensor | None = None
) -> Tensor:
    """Films [B, C, H, W] moved, and bent where asked, [B, C, *size]; what comes in from beyond is black."""
    aspect = size[0] / size[1]
    skew = torch.tensor([[1.0, aspect, 1.0], [1 / aspect, 1.0, 1.0]])
    grid = f.affine_grid((moves * skew).to(films.device), [len(films), 1, *size], align_corners=False)
    if bends is not None:
        smooth = f.interpolate(bends.to(films.device), size, mode="bicubic", align_corners=True)
        grid = grid + smooth.permute(0, 2, 3, 1)
    return f.grid_sample(films, grid, mode=mode, padding_mode="zeros", align_corners=False)


def move_points(points: Tensor, moves: Tensor, aspect: float = 1.0) -> Tensor:
    """Where points [B, K, 2] of the old film, as shares 0..1, lie on the new one. aspect: its height to its width."""
    moves = moves * moves.new_tensor([[1.0, aspect, 1.0], [1 / aspect, 1.0, 1.0]])
    moved = (points * 2 - 1) - moves[:, None, :, 2]
    back = torch.linalg.inv(moves[:, :, :2])
    return (torch.einsum("bij,bkj->bki", back, moved) + 1) / 2


def relook(film: Tensor, random: torch.Generator, strength: float = 1.0, framed: bool = True) -> Tensor:
    """The same film [B, H, W] taken and processed otherwise: blur, exposure (gamma), contrast, quantum noise; now and
    then a collimated edge or a bright marker, so that neither can stand for a class.

    framed: whether edges and markers are drawn, which a region that was cut out does not have. strength: of the changes
    of tone. Lost bone shows in how bright bone is beside flesh, and strong changes hide that.
    """
    batch = len(film)

    def uniform(low: float, high: float) -> Tensor:
        return (low + (high - low) * torch.rand(batch, generator=random).to(film.device))[:, None, None]

    blur = uniform(0, min(strength, 1.0))
    film = (1 - blur) * film + blur * f.avg_pool2d(film[:, None], 3, 1, 1, count_include_pad=False)[:, 0]
    film = film.clamp(0, 1) ** torch.exp(strength * uniform(-0.35, 0.35))
    film = (film - 0.5) * (1 + strength * uniform(-0.2, 0.2)) + 0.5 + strength * uniform(-0.08, 0.08)
    noise = torch.randn(film.shape, generator=random).to(film.device)
    film = film + noise * uniform(0, 0.03 * strength)
    return (frame(film, random)[0] if framed else film).clamp(0, 1)


def frame(film: Tensor, random: torch.Generator) -> tuple[Tensor, Tensor]:
    """The film [B, H, W] with a collimated edge or a bright marker now and then, and where it was exposed, the same
    shape: what lies in the black beyond is no part of the film."""

    def uniform(low: float, high: float) -> Tensor:
        return (low + (high - low) * torch.rand(len(film), generator=random).to(film.device))[:, None, None]

    exposed = _field(film, *(uniform(-0.3, 0.12) for _ in range(4)))
    marked = _mark(film * exposed, uniform(0, 1), uniform(0.02, 0.98), uniform(0.02, 0.98))
    return marked, exposed


def revendor(film: Tensor, random: torch.Generator, strength: float = 1.0) -> Tensor:
    """The same film [B, H, W] in 0..1 through another maker's processing: an S-shaped or flat tone curve, more or less
    contrast of fine and of coarse detail, brightness that drifts over the film. Each in two films of three."""
    batch, height, width = film.shape

    def drawn(low: float, high: float) -> Tensor:
        value = strength * (low + (high - low) * torch.rand(batch, generator=random))
        return (value * (torch.rand(batch, generator=random) < 0.67)).to(film.device)[:, None, None]

    small = f.avg_pool2d(film[:, None], 5, 1, 2, count_include_pad=False)[:, 0]
    block = max(2, min(height, width) // 16)
    coarse = f.interpolate(
        f.avg_pool2d(film[:, None], block, block), (height, width), mode="bilinear", align_corners=False
    )[:, 0]
    film = film + drawn(-0.5, 1.5) * (film - small) + drawn(-0.4, 0.6) * (small - coarse)
    tilt = torch.randn(batch, 1, 4, 4, generator=random).to(film.device)
    film = film + drawn(0, 0.12) * f.interpolate(tilt, (height, width), mode="bicubic", align_corners=False)[:, 0]
    film = film.clamp(0, 1)
    return (film - drawn(-0.8, 0.8) * torch.sin(2 * torch.pi * film) / (2 * torch.pi)).clamp(0, 1)


def _field(film: Tensor, left: Tensor, top: Tensor, right: Tensor, bottom: Tensor) -> Tensor:
    """False beyond each margin [B, 1, 1] (shares of the film) that is drawn positive."""
    height, width = film.shape[1:]
    rows = torch.linspace(0, 1, height, device=film.device)[None, :, None]
    columns = torch.linspace(0, 1, width, device=film.device)[None, None, :]
    return (rows >= top) & (rows <= 1 - bottom) & (columns >= left) & (columns <= 1 - right)


def _mark(film: Tensor, chance: Tensor, row: Tensor, column: Tensor) -> Tensor:
    """A small bright rectangle on every third film."""
    height, width = film.shape[1:]
    rows = torch.linspace(0, 1, height, device=film.device)[None, :, None]
    columns = torch.linspace(0, 1, width, device=film.device)[None, None, :]
    inside = ((rows - row).abs() < 0.025) & ((columns - column).abs() < 0.02)
    return torch.where(inside & (chance < 1 / 3), 0.95, film)


def blank(film: Tensor, random: torch.Generator) -> Tensor:
    """The film [B, H, W] with black boxes over some of its corners, as films are blanked where a name stood."""
    batch, height, width = film.shape
    rows = torch.linspace(0, 1, height, device=film.device)[None, :, None]
    columns = torch.linspace(0, 1, width, device=film.device)[None, None, :]
    for top, left in ((True, True), (True, False), (False, True), (False, False)):
        high, wide, chance = torch.rand(3, batch, generator=random).to(film.device)[:, :, None, None]
        inside = ((rows if top else 1 - rows) < 0.28 * high) & ((columns if left else 1 - columns) < 0.35 * wide)
        film = torch.where(inside & (chance < 0.4), 0.0, film)
    return film


def shade(film: Tensor, random: torch.Generator, strength: float = 1.0) -> Tensor:
    """The film [B, H, W] in 0..1 with brightness and contrast that change from place to place: bone behind a socket's
    walls is brighter than the rest of it, gas darkens what lies behind it, fat and folds veil it."""
    batch, height, width = film.shape
    for grid in (3, 7, 13):
        field = torch.randn(2, batch, 1, grid, grid, generator=random).to(film.device)
        lift, gain = (f.interpolate(one, (height, width), mode="bicubic")[:, 0] for one in field)
        amount = strength * torch.rand(2, batch, 1, 1, generator=random).to(film.device)
        film = film * torch.exp(0.25 * amount[0] * gain) + 0.10 * amount[1] * lift * (film > 0.02)
    return film.clamp(0, 1)
