"""Metal in the body, by what it does to a beam: next to nothing passes it.

On the film a piece of metal is a plateau: as bright all over, whatever its thickness, and bounded by a step. Bone is
round and porous, so that its brightness swells, shows trabeculae and fades towards its rim, however white a department
prints it. A plateau is looked for at several levels, since some films show metal at half of full scale.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt
from scipy import ndimage

from core.radiograph import Mask, Pixels

LEVELS: Final = (0.97, 0.92, 0.86, 0.80, 0.74, 0.68)  # of the brightest there is: where a plateau may end
LEAST_SHARE: Final = 0.001  # of the field: what is smaller is a clip, a letter's stroke or noise
EDGE: Final = 3  # pixels along the film's edge that are left out


@dataclass(frozen=True)
class Plateau:
    """A bright piece of a field. Lengths are shares of the field's side (the root of its area), greys of full scale.

    share: of the field's area. thick: radius of the largest disc in it. contrast: its grey over that of its
    surroundings. ripple: how steep the greys inside it still are (9th decile of the gradient), and spread: how far they
    scatter, both as shares of the contrast. above: its grey over what is brightest elsewhere on the film (99 of 100
    pixels are darker), and above_body: the same without a frame around the film. sharp: share of its edge where grey
    falls by a fifth of the scale within two pixels, and steep: by half of the contrast. at_edge: share of its edge that
    is the film's. boxed: share of the upright box around it that it fills, aspect: of that box's sides. around: grey of
    its surroundings.
    """

    share: float
    thick: float
    contrast: float
    ripple: float
    spread: float
    above: float
    above_body: float
    sharp: float
    steep: float
    at_edge: float
    boxed: float
    aspect: float
    around: float

    @property
    def is_large_metal(self) -> bool:
        """A stem, cup, head, nail or plate: no bone is flat over such a width."""
        return (
            self.thick >= 0.06
            and self.contrast >= 0.10
            and self.ripple <= (0.10 if self.thick >= 0.09 or self.steep >= 0.7 else 0.05)
            and self.spread <= 0.18
            and (self.thick >= 0.09 or self.steep >= 0.5)  # what is no wider than a shaft must end in a step
            and self.above_body >= 0
            and self.at_edge <= 0.35
            and self.boxed <= 0.9  # a marker's plate, or the collimator's field, stands upright
        )

    @property
    def is_small_metal(self) -> bool:
        """A screw or a wire: narrow as a cortex, but flat, sharp all round, and whiter than any bone of the film."""
        is_marker = self.boxed > 0.55 and self.aspect < 3.5
        return (
            not is_marker
            and self.thick < 0.06
            and self.share >= 0.002
            and self.contrast >= 0.16
            and self.ripple <= 0.15
            and self.sharp >= 0.6
            and self.steep >= 0.6
            and self.above >= 0.06
            and self.around >= 0.14
            and self.at_edge <= 0.2
        )


def plateaus(field: Pixels) -> Iterator[Plateau]:
    """Bright pieces of a field [H, W] in 0..1, from the brightest level down; a piece may come again at a lower one."""
    smooth = ndimage.gaussian_filter(field, 0.7)
    slope = ndimage.gaussian_gradient_magnitude(field, 1.0)
    brightest = float(np.percentile(smooth, 99.8))
    inside = np.zeros(field.shape, bool)
    inside[EDGE:-EDGE, EDGE:-EDGE] = True
    for level in LEVELS:
        labels, _ = ndimage.label(ndimage.binary_opening(smooth >= level * brightest))
        sizes = np.bincount(labels.ravel())
        elsewhere = inside & ~_frame(labels)
        for number, place in enumerate(ndimage.find_objects(labels), 1):
            if sizes[number] >= LEAST_SHARE * field.size:
                found = _plateau(field, smooth, slope, labels == number, inside, elsewhere, place)
                if found is not None:
                    yield found


def _frame(labels: npt.NDArray[np.integer]) -> Mask:
    """What runs along a third of a side of the film: the light box around a photographed film, not what is on it."""
    sides = (labels[EDGE], labels[-1 - EDGE], labels[:, EDGE], labels[:, -1 - EDGE])
    frames = [
        number for side in sides for number, count in enumerate(np.bincount(side)) if number and count > 0.3 * side.size
    ]
    return np.isin(labels, frames)


def _plateau(
    field: Pixels,
    smooth: Pixels,
    slope: Pixels,
    spot: Mask,
    inside: Mask,
    elsewhere: Mask,
    place: tuple[slice, ...],
) -> Plateau | None:
    """Measured in a window around it; None where it has no edge, or nothing around it, on the film."""
    window = tuple(slice(max(0, one.start - 10), one.stop + 10) for one in place)
    here, film, grey = spot[window], inside[window], smooth[window]
    side = float(np.sqrt(field.size))
    depth = ndimage.distance_transform_edt(np.pad(here, 1))[1:-1, 1:-1]
    away = ndimage.distance_transform_edt(~here)
    rim = here & (depth <= 1.5)
    edge, ring = rim & film, (away > 2.5) & (away <= 6) & film
    if edge.sum() < 20 or ring.sum() < 20:
        return None
    core = here & (depth >= min(3.0, 0.5 * depth.max()))
    around = float(np.median(grey[ring]))
    level = float(np.median(grey[here]))
    contrast = max(level - around, 0.01)
    falls = field[window] - ndimage.minimum_filter(np.where(film, field[window], 1), 5)
    around_it = ~ndimage.binary_dilation(spot, iterations=4)
    sides = [one.stop - one.start for one in place]
    return Plateau(
        share=float(spot.sum() / field.size),
        thick=float(depth.max() / side),
        contrast=level - around,
        ripple=float(np.quantile(slope[window][core], 0.9) / contrast),
        spread=float(grey[core].std() / contrast),
        above=level - _nearly_brightest(smooth[inside & around_it]),
        above_body=level - _nearly_brightest(smooth[elsewhere & around_it]),
        sharp=float((falls[edge] > 0.18).mean()),
        steep=float((falls[edge] > 0.5 * contrast).mean()),
        at_edge=float(1 - film[rim].mean()),
        boxed=float(ndimage.binary_fill_holes(here).sum() / np.prod(sides)),
        aspect=max(sides) / min(sides),
        around=around,
    )


def _nearly_brightest(greys: Pixels) -> float:
    """What 99 of 100 of these greys lie below; 0 of none."""
    return float(np.percentile(greys, 99)) if greys.size else 0.0


def metal_share(field: Pixels) -> float:
    """Share of a field that looks like metal in the body; 0 where nothing does."""
    return max((one.share for one in plateaus(field) if one.is_large_metal or one.is_small_metal), default=0.0)
