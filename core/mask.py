"""A drawn region, pixel for pixel, in few bytes."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt


@dataclass(frozen=True)
class BitMask:
    """A mask of a film as uploaded, as run lengths.

    runs: lengths of runs in row-major order, the first of pixels outside (0 where the first pixel is inside). They sum
    to width x height.
    """

    width: int
    height: int
    runs: tuple[int, ...]

    def __post_init__(self) -> None:
        if self.width < 1 or self.height < 1 or any(run < 0 for run in self.runs):
            raise ValueError(f"A mask of {self.width} x {self.height} pixels with runs below 0 cannot be")
        if sum(self.runs) != self.width * self.height:
            raise ValueError(
                f"Run lengths sum to {sum(self.runs)}, expected {self.width * self.height} pixels "
                f"of a mask of {self.width} x {self.height}"
            )

    @classmethod
    def of(cls, mask: npt.NDArray[np.bool_]) -> "BitMask":
        """From bool [H, W]."""
        height, width = mask.shape
        flat = mask.ravel()
        edges = np.flatnonzero(np.diff(flat.astype(np.int8))) + 1
        bounds = np.concatenate(([0], edges, [flat.size]))
        runs = np.diff(bounds).tolist()
        return cls(width, height, tuple(runs if not flat[0] else [0, *runs]))

    def pixels(self) -> npt.NDArray[np.bool_]:
        """Bool [H, W]."""
        inside = np.arange(len(self.runs)) % 2 == 1
        return np.repeat(inside, self.runs).reshape(self.height, self.width)
