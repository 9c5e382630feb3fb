"""Closed triangle surfaces: made from an implicit function, or checked when they come from elsewhere."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import numpy.typing as npt

Points = npt.NDArray[np.float64]
Faces = npt.NDArray[np.int64]
Field = Callable[[Points], npt.NDArray[np.float64]]


@dataclass(frozen=True, eq=False)
class Surface:
    """A closed, outward-facing triangle surface: vertices [V, 3] in mm, faces [F, 3] indices."""

    vertices: Points
    faces: Faces

    @cached_property
    def normals(self) -> Points:
        """Unit outward normals at the vertices [V, 3], weighted by the area of the triangles around."""
        a, b, c = (self.vertices[self.faces[:, i]] for i in range(3))
        cross = np.cross(b - a, c - a)
        total = np.zeros_like(self.vertices)
        for corner in range(3):
            np.add.at(total, self.faces[:, corner], cross)
        return np.asarray(total / np.maximum(np.linalg.norm(total, axis=1, keepdims=True), 1e-12))

    @property
    def volume_mm3(self) -> float:
        """Enclosed volume by the divergence theorem; negative where the faces look inwards."""
        a, b, c = (self.vertices[self.faces[:, i]] for i in range(3))
        return float(np.einsum("ij,ij->i", a, np.cross(b, c)).sum() / 6)

    def open_edges(self) -> int:
        """Number of edges that are not passed once in each direction: 0 for a closed surface."""
        edges = np.concatenate([self.faces[:, [0, 1]], self.faces[:, [1, 2]], self.faces[:, [2, 0]]])
        low, high = edges.min(1), edges.max(1)
        direction = np.where(edges[:, 0] < edges[:, 1], 1, -1)
        _, which = np.unique(low * (self.faces.max() + 1) + high, return_inverse=True)
        return int(np.count_nonzero(np.bincount(which.ravel(), weights=direction)))

    def mirrored(self) -> "Surface":
        """The other side's surface: x becomes -x, and the faces still look outwards."""
        return Surface(self.vertices * np.array([-1.0, 1.0, 1.0]), self.faces[:, ::-1].copy())

    def subdivided(self, smoothing: int = 0) -> "Surface":
        """Each triangle cut into four at its edges' middles, then smoothed without shrinking (Taubin 1995)."""
        edges = np.sort(np.concatenate([self.faces[:, [0, 1]], self.faces[:, [1, 2]], self.faces[:, [2, 0]]]), axis=1)
        unique, which = np.unique(edges, axis=0, return_inverse=True)
        middle = which.ravel().reshape(3, -1).T + len(self.vertices)
        vertices = np.concatenate([self.vertices, self.vertices[unique].mean(1)])
        (a, b, c), (ab, bc, ca) = self.faces.T, middle.T
        faces = np.concatenate([np.stack(f, 1) for f in ((a, ab, ca), (ab, b, bc), (ca, bc, c), (ab, bc, ca))])
        return Surface(vertices, faces).smoothed(smoothing)

    def smoothed(self, rounds: int) -> "Surface":
        """Taubin's two-step smoothing, which takes out corners and keeps the volume nearly."""
        vertices = self.vertices.copy()
        ends = np.concatenate([self.faces[:, [0, 1]], self.faces[:, [1, 2]], self.faces[:, [2, 0]]])
        degree = np.bincount(ends[:, 0], minlength=len(vertices))[:, None]
        for step in (0.5, -0.53) * rounds:
            total = np.stack(
                [np.bincount(ends[:, 0], vertices[ends[:, 1], axis], len(vertices)) for axis in range(3)], 1
            )
            vertices += step * (total / np.maximum(degree, 1) - vertices)
        return Surface(vertices, self.faces)


def box(size: tuple[float, float, float], centre: tuple[float, float, float] = (0, 0, 0)) -> Surface:
    """A box of the given edges in mm: the simplest closed surface, whose shadow is known."""
    corners = np.array([[x, y, z] for x in (-0.5, 0.5) for y in (-0.5, 0.5) for z in (-0.5, 0.5)])
    quads = [(0, 1, 3, 2), (4, 6, 7, 5), (0, 4, 5, 1), (2, 3, 7, 6), (0, 2, 6, 4), (1, 5, 7, 3)]
    faces = np.array([face for a, b, c, d in quads for face in ((a, b, c), (a, c, d))])
    return Surface(corners * np.array(size) + np.array(centre), faces)


def surface_of(field: Field, low: tuple[float, ...], high: tuple[float, ...], step: float) -> Surface:
    """The zero level of an implicit function (negative inside), by naive surface nets (Gibson 1998).

    field: points [N, 3] in mm -> [N]; low, high: corners of the box searched; step: edge of a cell in mm.
    The vertices are then moved onto the zero level along the gradient, so that the cells leave no trace.
    """
    axes = [np.arange(a - step, b + 2 * step, step) for a, b in zip(low, high, strict=True)]
    grid = np.stack(np.meshgrid(*axes, indexing="ij"), -1)
    shape = grid.shape[:3]
    values = _near_zero(field, grid, step)
    if (values < 0).sum() == 0:
        raise ValueError(f"the implicit surface encloses nothing between {low} and {high}; widen the box")
    for axis in range(3):  # closed even where the body leaves the box
        for end in (0, -1):
            np.moveaxis(values, axis, 0)[end] = np.maximum(np.moveaxis(values, axis, 0)[end], 1e-3)
    inside = values < 0

    cells = tuple(n - 1 for n in shape)
    total, count = np.zeros((*cells, 3)), np.zeros(cells)
    index = np.stack(np.meshgrid(*(np.arange(n) for n in shape), indexing="ij"), -1).astype(float)
    quads = []
    for axis in range(3):
        near = tuple(slice(0, -1) if a == axis else slice(None) for a in range(3))
        far = tuple(slice(1, None) if a == axis else slice(None) for a in range(3))
        crossing = inside[near] != inside[far]
        where = np.argwhere(crossing)
        v0, v1 = values[near][crossing], values[far][crossing]
        points = index[near][crossing]
        points[:, axis] += v0 / (v0 - v1)
        one, two = (axis + 1) % 3, (axis + 2) % 3
        corners = []
        for d1, d2 in ((-1, -1), (0, -1), (0, 0), (-1, 0)):
            cell = where.copy()
            cell[:, one] += d1
            cell[:, two] += d2
            np.add.at(total, tuple(cell.T), points)
            np.add.at(count, tuple(cell.T), 1)
            corners.append(np.ravel_multi_index(tuple(cell.T), cells))
        quad = np.stack(corners, 1)
        entering = inside[near][crossing]
        quads.append(np.where(entering[:, None], quad, quad[:, ::-1]))

    used = np.flatnonzero(count.ravel())
    number = np.full(count.size, -1)
    number[used] = np.arange(len(used))
    vertices = (total.reshape(-1, 3)[used] / count.ravel()[used, None]) * step + np.array([a[0] for a in axes])
    quad = number[np.concatenate(quads)]
    faces = np.concatenate([quad[:, [0, 1, 2]], quad[:, [0, 2, 3]]])
    return Surface(_onto_zero(field, vertices, step), faces)


def _near_zero(field: Field, grid: Points, step: float, coarse: int = 3) -> npt.NDArray[np.float64]:
    """The field on a grid [a, b, c, 3]; far from the surface only every third point is asked, for its sign."""
    rough = field(grid[::coarse, ::coarse, ::coarse].reshape(-1, 3))
    values = rough.reshape(tuple(-(-n // coarse) for n in grid.shape[:3]))
    for axis, length in enumerate(grid.shape[:3]):
        nearest = np.minimum((np.arange(length) + coarse // 2) // coarse, values.shape[axis] - 1)
        values = np.take(values, nearest, axis=axis)
    near = np.abs(values) < 2.2 * coarse * step
    values[near] = field(grid[near])
    return values


def _onto_zero(field: Field, vertices: Points, step: float) -> Points:
    small = 0.05 * step
    for _ in range(2):
        value = field(vertices)
        slope = np.stack([(field(vertices + small * e) - value) / small for e in np.eye(3)], 1)
        move = value[:, None] * slope / np.maximum((slope**2).sum(1, keepdims=True), 0.05)
        length = np.linalg.norm(move, axis=1, keepdims=True)
        vertices = vertices - move * np.minimum(1, 0.5 * step / np.maximum(length, 1e-9))
    return vertices
