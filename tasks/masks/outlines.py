"""The regions of a femur: outlined on its crop, laid over the film, and shown to a network."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import torch

from anatomy.femur import REGIONS, UNION
from core.radiograph import Mask, Pixels, Radiograph
from imaging.crop import Box, lay_back
from imaging.matting import matted
from imaging.outline import one_piece
from imaging.preprocess import Input, Preprocess
from models import engine
from models.bundle import Node


@dataclass(frozen=True, eq=False)
class Outlines:
    """How far each pixel of a crop belongs to each region [CROP_PX, CROP_PX], and how steady each outline is, 0..1."""

    maps: dict[str, Pixels]
    steady: dict[str, float]

    def mask(self, name: str) -> Mask:
        """One region on the crop, in one piece."""
        return one_piece(self.maps[name] > 0.5)

    def laid(self, name: str, box: Box, size: tuple[int, int]) -> Mask:
        """One region on a film of that size (height, width) where `box` was cut out, in one piece."""
        return one_piece(lay_back(self.maps[name], box, size) > 0.5)


def outline_limb(crop: Radiograph, outliner: Node, on: torch.device) -> Outlines:
    """The regions of one femur on its crop."""
    inputs = Preprocess.from_dict(outliner.preprocessing)
    maps, steady = engine.outline(outliner, inputs.grey(crop), on)
    return Outlines(
        {name: inputs.back(one, crop) for name, one in zip(outliner.outputs, maps, strict=True)},
        {name: float(value) for name, value in zip(outliner.outputs, steady, strict=True)},
    )


def masks_of(crop: Radiograph, outliner: Node, on: torch.device) -> dict[str, Mask]:
    """The regions of one femur on its crop [CROP_PX, CROP_PX] by one plain look.

    What networks that see one region learn from and are shown: a small region's class hangs on its very edge, so the
    smoother mean of several looks, which people see, would be another film to them.
    """
    inputs = Preprocess.from_dict(outliner.preprocessing)
    maps = engine.maps(outliner, inputs.grey(crop), on)
    return {name: inputs.back(one, crop) > 0.5 for name, one in zip(outliner.outputs, maps, strict=True)}


def shown_to(node: Node, crop: Radiograph, masks: Mapping[str, Mask]) -> Input:
    """What a network is shown of a femur: its crop, or one region cut out of it."""
    inputs, region = Preprocess.from_dict(node.preprocessing), node.facts.get("region")
    if region is None:
        return inputs(crop)
    return inputs.tensor(matted(crop, region_mask(masks, region), inputs.size[0]))


def region_mask(masks: Mapping[str, Mask], region: str) -> Mask:
    """One region's mask, or that of all four together."""
    return np.logical_or.reduce([masks[name] for name in REGIONS]) if region == UNION else masks[region]
