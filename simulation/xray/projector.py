"""Path lengths of X-rays through closed surfaces, exact for each ray and without voxels.

For a closed surface, the length of a ray inside is the sum over the triangles it meets of depth times facing
(signed-depth rasterisation). Screen positions are snapped to 1/256 pixel and edges are decided in integers, so
that two triangles never both take a pixel on their shared edge and never both leave it: no leaks. Depths are
summed in fixed point, so that the sum does not depend on its order, on threads, batch size or device.
"""

from dataclasses import dataclass

import torch
from torch import Tensor

SUBPIXEL = 256
DEPTH_UNITS = 4096  # per mm
MOMENT_UNITS = 256  # per mm2


@dataclass(frozen=True)
class Geometry:
    """Source, film plane and pixels. World frame in mm: x to the patient's left, y up, rays run towards -z.

    source_mm: focal spot (x, y, z); None for a parallel beam along -z (as in the virtual DXA).
    film_z_mm: height of the film plane. corner_mm: (x, y) on the film of the outer corner of pixel row 0, column 0.
    pitch_mm: pixel edge on the film. shape: (rows, columns). Columns grow with x, rows grow with -y.
    """

    source_mm: tuple[float, float, float] | None
    film_z_mm: float
    corner_mm: tuple[float, float]
    pitch_mm: float
    shape: tuple[int, int]

    def __post_init__(self) -> None:
        if self.pitch_mm <= 0 or min(self.shape) < 1:
            raise ValueError(f"pitch {self.pitch_mm} mm and shape {self.shape}: both must be above 0")
        if self.source_mm is not None and self.source_mm[2] <= self.film_z_mm:
            raise ValueError(f"source at z {self.source_mm[2]} mm lies behind the film at z {self.film_z_mm} mm")

    def project(self, points: Tensor) -> Tensor:
        """World points [..., 3] -> (column, row) [..., 2] on the film, in pixels from its corner."""
        x, y, z = points.unbind(-1)
        if self.source_mm is not None:
            sx, sy, sz = self.source_mm
            scale = (sz - self.film_z_mm) / (sz - z)
            x, y = sx + (x - sx) * scale, sy + (y - sy) * scale
        return torch.stack([(x - self.corner_mm[0]) / self.pitch_mm, (self.corner_mm[1] - y) / self.pitch_mm], -1)

    def magnification(self, z: float) -> float:
        """How much larger than life a thing at height z stands on the film."""
        return 1.0 if self.source_mm is None else (self.source_mm[2] - self.film_z_mm) / (self.source_mm[2] - z)

    def positions(self, columns: Tensor, rows: Tensor) -> tuple[Tensor, Tensor]:
        """(x, y) in mm on the film plane of positions in pixels."""
        return self.corner_mm[0] + columns * self.pitch_mm, self.corner_mm[1] - rows * self.pitch_mm

    def slant(self, columns: Tensor, rows: Tensor) -> Tensor:
        """Length along the ray per mm of height, at least 1."""
        if self.source_mm is None:
            return torch.ones_like(columns * rows)
        x, y = self.positions(columns, rows)
        sx, sy, sz = self.source_mm
        return torch.sqrt(1 + ((x - sx) ** 2 + (y - sy) ** 2) / (sz - self.film_z_mm) ** 2)

    def back_project(self, columns: Tensor, rows: Tensor, z: Tensor) -> Tensor:
        """The points at height z on the rays of the given pixels: [..., 3]."""
        x, y = self.positions(columns, rows)
        if self.source_mm is not None:
            sx, sy, sz = self.source_mm
            share = (sz - z) / (sz - self.film_z_mm)
            x, y = sx + (x - sx) * share, sy + (y - sy) * share
        return torch.stack(torch.broadcast_tensors(x, y, z), -1)

    def coarser(self, factor: int) -> "Geometry":
        """The same film with pixels `factor` times as large; the last ones may hang over the edge."""
        rows, columns = (-(-n // factor) for n in self.shape)
        return Geometry(self.source_mm, self.film_z_mm, self.corner_mm, self.pitch_mm * factor, (rows, columns))


@dataclass(frozen=True, eq=False)
class Shadow:
    """What a body casts on the film, in the window that holds it.

    rows, columns: the window. length: float32 [B, h, w], mm of the ray inside each of the B surfaces.
    height: float32 [B, h, w], mean z of that part of the ray; where the ray misses, the reference height.
    """

    rows: slice
    columns: slice
    length: Tensor
    height: Tensor
    geometry: Geometry

    def pixel_centres(self) -> tuple[Tensor, Tensor]:
        """Columns [1, w] and rows [h, 1] of the window's pixel centres."""
        device = self.length.device
        columns = torch.arange(self.columns.start, self.columns.stop, device=device) + 0.5
        rows = torch.arange(self.rows.start, self.rows.stop, device=device) + 0.5
        return columns[None], rows[:, None]

    def on_film(self, values: Tensor) -> Tensor:
        """Values of the window [..., h, w] set into a film of zeros [..., H, W]."""
        film = values.new_zeros((*values.shape[:-2], *self.geometry.shape))
        film[..., self.rows, self.columns] = values
        return film


def cast(vertices: Tensor, faces: Tensor, geometry: Geometry) -> Shadow:
    """Path lengths and mean heights of B closed surfaces with common faces.

    vertices: [B, V, 3] world mm. faces: int64 [F, 3], outward (counter-clockwise seen from outside).
    """
    batch, count = vertices.shape[0], vertices.shape[1]
    device = vertices.device
    height, width = geometry.shape
    points = vertices.double()
    screen = torch.round(geometry.project(points) * SUBPIXEL).long()  # [B, V, 2]
    reference = float(points[..., 2].mean().round())
    z = points[..., 2] - reference
    if geometry.source_mm is not None:  # z / (source - z) is affine on the film, z itself is not
        reach = geometry.source_mm[2] - reference
        z = z / (reach - z)
    else:
        reach = 0.0

    low = screen.amin((0, 1)).div(SUBPIXEL, rounding_mode="floor").clamp(min=0)
    high = screen.amax((0, 1)).div(SUBPIXEL, rounding_mode="floor") + 1
    c0, r0 = (int(v) for v in low)
    c1, r1 = min(int(high[0]), width), min(int(high[1]), height)
    if c1 <= c0 or r1 <= r0:
        empty = vertices.new_zeros((batch, 0, 0), dtype=torch.float32)
        return Shadow(slice(0, 0), slice(0, 0), empty, empty, geometry)
    h, w = r1 - r0, c1 - c0

    offset = (torch.arange(batch, device=device) * count)[:, None, None]
    corner = (faces[None] + offset).reshape(-1, 3)
    slot = torch.arange(batch, device=device).repeat_interleave(len(faces))
    flat, q = screen.reshape(-1, 2), z.reshape(-1)
    a, b, c = flat[corner[:, 0]], flat[corner[:, 1]], flat[corner[:, 2]]
    area = (b[:, 0] - a[:, 0]) * (c[:, 1] - a[:, 1]) - (b[:, 1] - a[:, 1]) * (c[:, 0] - a[:, 0])
    top = torch.minimum(torch.minimum(a[:, 1], b[:, 1]), c[:, 1])
    bottom = torch.maximum(torch.maximum(a[:, 1], b[:, 1]), c[:, 1])
    half = SUBPIXEL // 2
    first = (top - half + SUBPIXEL - 1).div(SUBPIXEL, rounding_mode="floor").clamp(min=r0)
    last = (bottom - half).div(SUBPIXEL, rounding_mode="floor").clamp(max=r1 - 1)
    beside = torch.maximum(torch.maximum(a[:, 0], b[:, 0]), c[:, 0]) < c0 * SUBPIXEL
    beyond = torch.minimum(torch.minimum(a[:, 0], b[:, 0]), c[:, 0]) > c1 * SUBPIXEL
    keep = (area != 0) & (last >= first) & ~beside & ~beyond
    corner, slot, area, first, last, a = (t[keep] for t in (corner, slot, area, first, last, a))
    b, c = b[keep], c[keep]

    # Depth as an affine function of the snapped screen position, one plane a triangle.
    qa, qb, qc = (q[corner[:, i]] for i in range(3))
    (abx, aby), (acx, acy) = (b - a).double().unbind(1), (c - a).double().unbind(1)
    slope_x = ((qb - qa) * acy - (qc - qa) * aby) / area
    slope_y = ((qc - qa) * abx - (qb - qa) * acx) / area

    # One span a triangle and pixel row: the columns whose centres lie inside, decided in integers.
    rows_each = last - first + 1
    owner = torch.repeat_interleave(torch.arange(len(rows_each), device=device), rows_each)
    start = torch.cumsum(rows_each, 0) - rows_each
    row = torch.arange(len(owner), device=device) - start[owner] + first[owner]
    y = row * SUBPIXEL + half
    left = torch.full_like(row, c0)
    right = torch.full_like(row, c1 - 1)
    positive = area > 0
    for i, j in ((0, 1), (1, 2), (2, 0)):
        # The edge is written from its lower to its higher vertex number, so that both its triangles compute alike.
        swap = corner[:, i] > corner[:, j]
        tail, tip = torch.where(swap, corner[:, j], corner[:, i]), torch.where(swap, corner[:, i], corner[:, j])
        p, d = flat[tail], flat[tip] - flat[tail]
        inner = positive ^ swap  # inside is where the edge function is >= 0; otherwise where it is < 0
        # e(x) = dx * (y - py) - dy * (x - px), inside: e >= 0 or -e - 1 >= 0, that is m * x <= n
        sign = torch.where(inner, 1, -1)
        m = (sign * d[:, 1])[owner]
        n = (sign * d[:, 0])[owner] * (y - p[:, 1][owner]) + m * p[:, 0][owner] - (~inner).long()[owner]
        # pixel centre x = column * SUBPIXEL + half
        n = n - m * half
        step = m * SUBPIXEL
        bound = n.div(torch.where(step == 0, torch.ones_like(step), step.abs()), rounding_mode="floor")
        right = torch.where(step > 0, torch.minimum(right, bound), right)
        left = torch.where(step < 0, torch.maximum(left, -bound), left)
        right = torch.where((step == 0) & (n < 0), left - 1, right)

    filled = right >= left
    owner, row, left, right = owner[filled], row[filled], left[filled], right[filled]
    centre_x = (left * SUBPIXEL + half - a[:, 0][owner]).double()
    centre_y = (row * SUBPIXEL + half - a[:, 1][owner]).double()
    begin = (qa[owner] + slope_x[owner] * centre_x + slope_y[owner] * centre_y).float()
    advance = (slope_x * SUBPIXEL)[owner].float()
    facing = torch.where(positive, -1, 1)[owner].int()  # rows grow downwards: an outward face towards the source is < 0
    address = (slot[owner] * h + row - r0) * w + left - c0

    spans = right - left + 1
    pixel_owner = torch.repeat_interleave(torch.arange(len(spans), device=device), spans)
    along = torch.arange(len(pixel_owner), device=device) - (torch.cumsum(spans, 0) - spans)[pixel_owner]
    depth = begin[pixel_owner] + advance[pixel_owner] * along.float()
    if geometry.source_mm is not None:
        depth = depth * reach / (1 + depth)
    where, sign = address[pixel_owner] + along, facing[pixel_owner]
    total = torch.zeros(batch * h * w, dtype=torch.int32, device=device)
    moment = torch.zeros_like(total)
    total.index_add_(0, where, torch.round(depth * DEPTH_UNITS).int() * sign)
    moment.index_add_(0, where, torch.round(depth * depth * (0.5 * MOMENT_UNITS)).int() * sign)

    extent = total.view(batch, h, w).float() / DEPTH_UNITS
    mean = torch.where(extent > 0.05, moment.view(batch, h, w).float() / MOMENT_UNITS / extent.clamp(min=0.05), 0.0)
    shadow = Shadow(slice(r0, r1), slice(c0, c1), extent, mean + reference, geometry)
    columns, rows = shadow.pixel_centres()
    return Shadow(shadow.rows, shadow.columns, extent * geometry.slant(columns, rows), shadow.height, geometry)
