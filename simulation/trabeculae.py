"""Spongy bone: how much mineral stands where, in groups that carry load and go one after the other in bone loss.

The groups of the proximal femur after Ward and Singh et al. 1970: principal compressive, principal tensile, secondary
compressive, secondary tensile, greater trochanter; between them Ward's triangle. Densities in mg/cm3 of hydroxyapatite,
of the size that QCT finds in young adults (Lang et al. 1997; head 300-400, neck 150-250, trochanter 100-170).
"""

from dataclasses import dataclass
from functools import cache

import numpy as np
import numpy.typing as npt
import torch
from scipy import ndimage
from torch import Tensor

from simulation.anatomy.implicit import curve

Map = npt.NDArray[np.float32]
TILE = 512  # texels of the noise tile's edge


@dataclass(frozen=True, eq=False)
class Group:
    """One bundle of trabeculae: density [h, w] mg/cm3, and where along and across its lines each texel lies, mm."""

    name: str
    density: Map
    along: Map
    across: Map


@dataclass(frozen=True, eq=False)
class Lattice:
    """The groups of one bone, drawn in a plane of the bone's own frame.

    axes: which two of (x, y, z) span the plane. low, step: position of texel (0, 0) and texel edge in mm.
    plain: density [h, w] of what belongs to no group.
    """

    axes: tuple[int, int]
    low: tuple[float, float]
    step: float
    plain: Map
    groups: tuple[Group, ...] = ()

    def grown(self, factors: dict[str, float], rng: np.random.Generator, roughness: float = 1.0) -> "SpongyBone":
        """One person's spongy bone: each group times its factor, with strands of its own (see `Strands.left`)."""
        return self.strands(rng).left(factors, roughness)

    def strands(self, rng: np.random.Generator) -> "Strands":
        """One person's strands, before any of them is lost."""
        height, width = self.plain.shape
        tile = _noise_tile()
        rows, columns = np.mgrid[:height, :width].astype(np.float32) * self.step
        weave = np.zeros_like(self.plain)
        for scale, strength in ((0.5, 0.26), (1.3, 0.20), (4.0, 0.09)):
            weave += strength * _lookup(
                tile, rows / scale + rng.uniform(0, TILE), columns / scale + rng.uniform(0, TILE)
            )
        even, grain = [self.plain], [self.plain * weave]
        for group in self.groups:
            near = group.density > 1
            along, across = group.along[near], group.across[near]
            strands = np.zeros_like(along)
            for length, breadth, strength in ((7.0, 0.55, 0.42), (13.0, 1.2, 0.30)):
                strands += strength * _lookup(
                    tile, along / length + rng.uniform(0, TILE), across / breadth + rng.uniform(0, TILE)
                )
            own = np.zeros_like(self.plain)
            own[near] = group.density[near] * (strands + 0.6 * weave[near])
            even.append(group.density)
            grain.append(own)
        return Strands(self, np.stack(even), np.stack(grain))


@dataclass(frozen=True, eq=False)
class Strands:
    """One person's spongy bone before anything is lost: the plain bone's and each group's share of the density.

    even [G, h, w]: mg/cm3, the plain bone first, then the lattice's groups. grain [G, h, w]: what the strands of this
    person add to it at a roughness of 1.
    """

    lattice: Lattice
    even: Map
    grain: Map

    def factors(self, left: dict[str, float]) -> npt.NDArray[np.float32]:
        """What is left of each share [G]; 1 where nothing is said of it."""
        names = ("plain", *(group.name for group in self.lattice.groups))
        return np.array([left.get(name, 1.0) for name in names], np.float32)

    def left(self, factors: dict[str, float], roughness: float = 1.0) -> "SpongyBone":
        """The bone of which each group keeps its factor.

        roughness: how strongly single strands stand out; rises as bone is lost and strands thin out unevenly.
        """
        kept = self.factors(factors)
        density = np.tensordot(kept, self.even, 1) + np.tensordot(roughness * kept, self.grain, 1)
        lattice = self.lattice
        return SpongyBone(lattice.axes, lattice.low, lattice.step, torch.from_numpy(np.maximum(density, 0)))


@dataclass(frozen=True, eq=False)
class SpongyBone:
    """Density [h, w] in mg/cm3 over a plane of the bone's frame, ready to be looked up."""

    axes: tuple[int, int]
    low: tuple[float, float]
    step: float
    density: Tensor

    def at_plane(self, a: Tensor, b: Tensor) -> Tensor:
        """Density in mg/cm3 at coordinates a, b (any common shape) of the plane; outside it, that of its edge."""
        height, width = self.density.shape
        column = (a - self.low[0]) * (2 / (self.step * (width - 1))) - 1
        row = (b - self.low[1]) * (2 / (self.step * (height - 1))) - 1
        grid = torch.stack([column, row], -1).reshape(1, 1, -1, 2)
        found = torch.nn.functional.grid_sample(
            self.density.to(a.device)[None, None], grid, mode="bilinear", padding_mode="border", align_corners=True
        )
        return found.reshape(a.shape)


@cache
def _noise_tile() -> Map:
    """White noise of unit spread, fixed: what differs between people is where they look into it."""
    noise = np.random.default_rng(20240612).normal(size=(TILE, TILE))
    smooth = ndimage.gaussian_filter(noise, 0.7, mode="wrap")
    return (smooth / smooth.std()).astype(np.float32)


def _lookup(tile: Map, rows: Map, columns: Map) -> Map:
    """Bilinear lookup in the endless tile."""
    r0, c0 = np.floor(rows).astype(np.int32), np.floor(columns).astype(np.int32)
    fr, fc = (rows - r0).astype(np.float32), (columns - c0).astype(np.float32)
    r0, c0 = r0 % TILE, c0 % TILE
    r1, c1 = (r0 + 1) % TILE, (c0 + 1) % TILE
    upper = tile[r0, c0] * (1 - fc) + tile[r0, c1] * fc
    lower = tile[r1, c0] * (1 - fc) + tile[r1, c1] * fc
    return np.asarray(upper * (1 - fr) + lower * fr, dtype=np.float32)


def bundle(name: str, nodes: list[tuple[float, float, float]], peak: float, a: Map, b: Map, fan: float = 0.0) -> Group:
    """A bundle of lines along a curve through nodes (a, b, half width), densest in its middle.

    fan: how much the lines spread with the width, 0 parallel, 1 wholly.
    """
    coarse = 3  # the lines are smooth: found on every third texel and spread from there
    line = curve(np.array(nodes, float), 6)
    step = np.linalg.norm(np.diff(line[:, :2], axis=0), axis=1)
    reached = np.concatenate([[0], np.cumsum(step)])
    shape = a[::coarse, ::coarse].shape
    points = np.stack([a[::coarse, ::coarse].ravel(), b[::coarse, ::coarse].ravel()], 1)
    best = np.full(len(points), np.inf)
    along, across, width = np.zeros(len(points)), np.zeros(len(points)), np.ones(len(points))
    for i in range(len(step)):
        edge = line[i + 1, :2] - line[i, :2]
        raw = ((points - line[i, :2]) @ edge) / (edge @ edge)
        t = np.clip(raw, 0, 1)
        away = points - line[i, :2] - t[:, None] * edge
        distance = np.hypot(*away.T)
        nearer = distance < best
        best[nearer] = distance[nearer]
        along[nearer] = (reached[i] + t * step[i])[nearer]
        across[nearer] = ((edge[0] * away[:, 1] - edge[1] * away[:, 0]) / step[i])[nearer]
        width[nearer] = (line[i, 2] + t * (line[i + 1, 2] - line[i, 2]))[nearer]
    density = peak * np.exp(-((best / width) ** 2))
    spread = (width / width.mean()) ** fan
    columns, rows = np.arange(a.shape[1]) / coarse, np.arange(a.shape[0]) / coarse
    where = np.stack(np.meshgrid(rows, columns, indexing="ij"))

    def spread_out(values: npt.NDArray[np.float64]) -> Map:
        return ndimage.map_coordinates(values.reshape(shape), where, order=1, mode="nearest").astype(np.float32)

    return Group(name, spread_out(density), spread_out(along), spread_out(across / spread))


def plane(low: tuple[float, float], high: tuple[float, float], step: float) -> tuple[Map, Map]:
    """Coordinates a [h, w] (growing along columns) and b [h, w] (growing along rows) of a lattice's texels."""
    a, b = np.meshgrid(np.arange(low[0], high[0], step), np.arange(low[1], high[1], step))
    return a.astype(np.float32), b.astype(np.float32)


@cache
def proximal_femur() -> Lattice:
    """The proximal femur's groups in its coronal plane (x lateral, y up)."""
    low, step = (-36.0, -170.0), 0.4  # below, the canal is as empty as at the edge
    a, b = plane(low, (82.0, 36.0), step)
    groups = (
        bundle(
            "principal_compressive",
            [(31, -70, 5), (22, -42, 6), (11, -16, 8.5), (2, 6, 11.5), (-2, 24, 14)],
            205,
            a,
            b,
            0.6,
        ),
        bundle(
            "principal_tensile",
            [
                (63, -68, 4),
                (60, -42, 6),
                (49, -20, 6),
                (35, -8, 5),
                (18, -3, 6),
                (3, -2, 7),
                (-11, -9, 7),
                (-20, -17, 6),
            ],
            120,
            a,
            b,
            0.4,
        ),
        bundle("secondary_compressive", [(31, -84, 5), (35, -64, 7), (45, -42, 8), (56, -24, 9)], 80, a, b, 0.6),
        bundle(
            "secondary_tensile", [(60, -92, 4), (56, -68, 6), (46, -46, 6), (34, -32, 6), (24, -26, 5)], 75, a, b, 0.4
        ),
        bundle("greater_trochanter", [(64, -48, 5), (61, -28, 7), (54, -8, 7)], 62, a, b, 0.4),
    )
    canal = 1 / (1 + np.exp(-(b + 92) / 9))
    ward = 1 - 0.40 * np.exp(-(((a - 33) / 8.5) ** 2) - ((b + 25) / 8.5) ** 2)
    head = np.exp(-((np.hypot(a, b) / 25) ** 6))
    outer = 1 / (1 + np.exp(-(a - 46) / 5))
    neck = np.exp(-(((a - 19) / 13) ** 2) - ((b + 13) / 13) ** 2)
    plain = (8 + 66 * canal * ward * (1 - 0.35 * outer) + 30 * neck + 42 * head).astype(np.float32)
    return Lattice((0, 1), low, step, plain, groups)


@cache
def knee(name: str) -> Lattice:
    """Femur, tibia, fibula or patella at the knee, in the coronal plane: columns that run from shaft to joint, medial
    ones denser, a plate under the cartilage, the scar of the growth plate; the canal is empty."""
    low, step = (-50.0, -340.0), 0.5
    if name == "femur":
        low = (-50.0, -8.0)
    a, b = plane(low, (56.0, low[1] + 350), step)
    groups: tuple[Group, ...]
    if name == "femur":
        canal = 1 / (1 + np.exp((b - 92) / 12))
        scar = np.exp(-(((b - 33 + 0.004 * a**2) / 2.2) ** 2))
        plain = 6 + 140 * canal + 45 * np.exp(-(((b - 12) / 12) ** 2)) + 26 * scar
        groups = (
            bundle("principal_compressive", [(-22, -2, 12), (-21, 30, 12), (-9, 85, 8), (-4, 120, 5)], 95, a, b, 0.8),
            bundle("secondary_compressive", [(22, -2, 12), (22, 30, 12), (15, 85, 8), (13, 120, 5)], 78, a, b, 0.8),
            bundle("principal_tensile", [(-36, 28, 8), (0, 26, 7), (36, 28, 8)], 40, a, b, 0.3),
        )
    elif name == "tibia":
        canal = 1 / (1 + np.exp((-b - 78) / 12))
        plain = 6 + 125 * canal + 70 * np.exp(-(((b + 9) / 8) ** 2)) + 24 * np.exp(-(((b + 24) / 2.0) ** 2))
        groups = (
            bundle(
                "principal_compressive", [(-23, -2, 12), (-21, -30, 10), (-12, -80, 7), (-10, -120, 4)], 110, a, b, 0.8
            ),
            bundle("secondary_compressive", [(22, -2, 11), (20, -30, 10), (10, -80, 7), (8, -120, 4)], 85, a, b, 0.8),
        )
    elif name == "fibula":
        plain, groups = 8 + 240 / (1 + np.exp((-b - 58) / 7)), ()
    else:
        low = (-50.0, -8.0)
        a, b = plane(low, (56.0, 80.0), step)
        plain = np.full_like(a, 115)
        groups = (bundle("principal_compressive", [(3, 20, 20), (3, 70, 20)], 60, a, b),)
    return Lattice((0, 1), low, step, plain.astype(np.float32), groups)


@cache
def vertebra() -> Lattice:
    """A vertebral body from the side (z forward, y up): upright columns, cross-struts that go first, the arch behind.
    Young bodies hold about 160 mg/cm3 (Lang et al. 1998)."""
    low, step = (-86.0, -34.0), 0.35
    a, b = plane(low, (24.0, 30.0), step)
    body = 1 / (1 + np.exp(-(a + 21) / 1.5))
    near_plate = np.exp(-(((np.abs(b) - 13) / 3.5) ** 2))
    plain = 170 * (1 - body) + body * (58 + 70 * near_plate)
    groups = (
        bundle("principal_compressive", [(0, -18, 13), (0, 18, 13)], 104, a, b),
        bundle("secondary_tensile", [(-22, 0, 10), (22, 0, 10)], 34, a, b),
    )
    return Lattice((2, 1), low, step, plain.astype(np.float32), groups)


@cache
def even(axes: tuple[int, int], low: tuple[float, float], high: tuple[float, float], density: float) -> Lattice:
    """Spongy bone of one density without groups, for flat and short bones."""
    a, _ = plane(low, high, 1.0)
    return Lattice(axes, low, 1.0, np.full_like(a, density))
