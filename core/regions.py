"""Named places on a film, in pixels of the film as uploaded."""

from collections.abc import Iterator
from dataclasses import dataclass, field

import numpy as np

from core.radiograph import Mask


@dataclass(frozen=True, eq=False)
class Region:
    """One named region: mask bool [H, W] on the whole film, the outline it came from [N, 2] (x, y), a score 0..1."""

    name: str
    mask: Mask
    outline_xy: tuple[tuple[float, float], ...] = ()
    score: float | None = None

    @property
    def area_px(self) -> int:
        return int(self.mask.sum())

    @property
    def box_xyxy(self) -> tuple[int, int, int, int]:
        """Half-open box: left, top, right, bottom. Raises ValueError for an empty mask."""
        rows, columns = np.flatnonzero(self.mask.any(1)), np.flatnonzero(self.mask.any(0))
        if rows.size == 0:
            raise ValueError(f"region {self.name} is empty, so it has no box")
        return int(columns[0]), int(rows[0]), int(columns[-1]) + 1, int(rows[-1]) + 1

    @property
    def centroid_xy(self) -> tuple[float, float]:
        rows, columns = np.nonzero(self.mask)
        return float(columns.mean()), float(rows.mean())


@dataclass(frozen=True)
class Regions:
    """The regions of one limb, by name."""

    items: tuple[Region, ...] = field(default=())

    def __iter__(self) -> Iterator[Region]:
        return iter(self.items)

    def __len__(self) -> int:
        return len(self.items)

    def __getitem__(self, name: str) -> Region:
        for region in self.items:
            if region.name == name:
                return region
        raise KeyError(f"no region {name!r}; there are {[region.name for region in self.items]}")
