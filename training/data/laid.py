"""A film as a reading shows it to networks, and what its rows tell, laid onto it.

A reading crops frames, makes pixels square and turns what does not stand upright. What is taught and measured must see
the same film; landmarks, masks and projections are told on the film as it came.
"""

from dataclasses import dataclass
from pathlib import Path

from core.example import Example
from core.radiograph import Mask, Pixels, Radiograph
from imaging import read_radiograph
from imaging.upright import Upright, upright
from tasks.landmarks.marks import laid as landmarks_laid


@dataclass(frozen=True, eq=False)
class LaidFilm:
    """`uploaded` is the film as it came, `film` as networks see it."""

    lie: Upright

    @property
    def film(self) -> Radiograph:
        return self.lie.film

    @property
    def uploaded(self) -> Radiograph:
        return self.lie.uploaded

    def example(self, example: Example) -> Example:
        """The row with its landmarks on the film as networks see it."""
        return landmarks_laid(example, self.lie.points_on) if self.lie.changed else example

    def mask(self, mask: Mask) -> Mask:
        """A mask [H, W] of the film as it came."""
        return self.lie.mask_on(mask) if self.lie.changed else mask

    def image(self, values: Pixels) -> Pixels:
        """A map [H, W] over the film as it came."""
        return self.lie.map_on(values) if self.lie.changed else values


def read_laid(path: Path, look_for_text: bool = True) -> LaidFilm:
    """The film in a file. Raises Refused."""
    return LaidFilm(upright(read_radiograph(path.read_bytes(), path.name, look_for_text=look_for_text)))
