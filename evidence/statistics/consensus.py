"""One outline from those of several readers."""

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
from scipy.ndimage import distance_transform_edt

Mask = npt.NDArray[np.bool_]
_TOSS = 0.05  # about one half, within which the readers' outlines leave a pixel undecided
_AROUND = 0.1  # background about all outlines, of their longer side: more would drown them


def consensus(masks: Sequence[Mask]) -> Mask:
    """The outline that readers' masks [H, W] most probably mean, by STAPLE (Warfield et al., IEEE TMI 2004), which
    weighs each reader by how well he or she agrees with all.

    Two readers leave it undecided whose pixels are right where they differ; there the outline runs half-way between
    theirs (Rohlfing and Maurer, IEEE TITB 2007). A consensus of one mask is that mask. Raises ValueError for no mask or
    for masks of several sizes.
    """
    if not masks or len({mask.shape for mask in masks}) > 1:
        sizes = ", ".join(sorted({f"{mask.shape[1]} x {mask.shape[0]}" for mask in masks})) or "no mask"
        raise ValueError(f"found {sizes}, expected masks of one size")
    union = np.logical_or.reduce(masks)
    if len(masks) == 1 or not union.any():
        return union
    rows, columns = np.flatnonzero(union.any(1)), np.flatnonzero(union.any(0))
    box = slice(rows[0], rows[-1] + 1), slice(columns[0], columns[-1] + 1)
    more = max(8, round(_AROUND * max(union[box].shape)))
    cut = [np.pad(mask[box], more) for mask in masks]
    probable = _staple(cut)
    middle = np.mean([_depth(mask) for mask in cut], axis=0) > 0
    joint = np.where(np.abs(probable - 0.5) < _TOSS, middle, probable > 0.5)
    found = np.zeros_like(union)
    found[box] = joint[more:-more, more:-more]
    return found


def _staple(masks: Sequence[Mask]) -> npt.NDArray[np.float64]:
    import SimpleITK  # 250 MB of libraries, which only a consensus needs

    images = [SimpleITK.GetImageFromArray(mask.astype(np.uint8)) for mask in masks]
    return SimpleITK.GetArrayFromImage(SimpleITK.STAPLE(images, 1.0))


def _depth(mask: Mask) -> npt.NDArray[np.float64]:
    """How deep a pixel lies within the mask; below 0 outside."""
    if not mask.any():
        return np.full(mask.shape, -float(sum(mask.shape)))
    return distance_transform_edt(mask) - distance_transform_edt(~mask)
