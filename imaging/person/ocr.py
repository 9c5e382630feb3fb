"""Where a picture seems to show text, and what it says: PP-OCR's two networks, as the package rapidocr brings them.

Code and weights are under the Apache License 2.0; both networks come in the wheel and run on one core of a processor,
without torch and without a network. docs/decisions/burnt-in-text.md says what they were compared with.
"""

import logging
from dataclasses import dataclass
from functools import cache
from threading import Lock
from typing import Any, Final

import cv2
import numpy as np
import numpy.typing as npt

_LEAST: Final = 0.25  # of the detector's score, below which it sees text in any trabecula
_MOST: Final = 16  # places read a look, the likeliest first: a film full of noise must not take ten seconds
_BROAD: Final = 14.0  # pixels: wider than a stroke
_LEAST_CONTRAST: Final = 6.0  # levels, below which it is noise
_LOWEST: Final = 8.0  # pixels, below which no letter can be made out, and trabeculae abound
OBLONG: Final = 1.5  # a line of text is longer than it is high by this and more; a letter alone is not
_one_at_a_time = Lock()  # the engine keeps what it is at work on in itself

Grey = npt.NDArray[np.uint8]
Corners = npt.NDArray[np.float32]


@dataclass(frozen=True, eq=False)
class Seen:
    """A place that looks like text. corners: [4, 2], x and y, from the start of the line clockwise.

    score: how much it looks like text, 0 to 1. words: what it seems to say, read either way up; "" for nothing, and for
    scripts that the network knows no letters of. sure: how sure those words are, 0 to 1.
    """

    corners: Corners
    score: float
    words: str
    sure: float

    @property
    def oblong(self) -> float:
        """How many times it is as long as it is high."""
        return _oblong(self.corners)

    @property
    def height(self) -> float:
        """Of the line, in pixels of the picture."""
        return _height(self.corners)


def places(grey: Grey) -> list[Seen]:
    """Every oblong place of a picture [H, W] that may be text, the likeliest first.

    The picture is looked at twice: as it stands, and lying on its side with its tones made even, by which lines are
    found that run down, or that are faint.
    """
    lying = np.ascontiguousarray(np.rot90(_even(grey), -1))
    with _one_at_a_time:
        found = _found(grey)
        for corners, score in _found(lying):
            back = np.stack([corners[:, 1], grey.shape[0] - 1 - corners[:, 0]], axis=1)
            found.append((back.astype(np.float32), score))
        lines = (one for one in found if _oblong(one[0]) >= OBLONG and _height(one[0]) >= _LOWEST)
        found = sorted(lines, key=lambda one: -one[1])[:_MOST]
        if not found:
            return []
        colour = np.dstack([grey] * 3)
        read = _engine().recognize_txt([crop for corners, _ in found for crop in _both_ways(colour, corners)])
    said = [(words or "", float(sure)) for words, sure in zip(read.txts, read.scores, strict=True)]
    return [
        Seen(corners, score, *max(said[2 * place : 2 * place + 2], key=lambda one: one[1]))
        for place, (corners, score) in enumerate(found)
    ]


def _found(grey: Grey) -> list[tuple[Corners, float]]:
    seen = _engine()(np.dstack([grey] * 3), use_det=True, use_cls=False, use_rec=False, box_thresh=_LEAST)
    if seen.boxes is None:
        return []
    return [(np.asarray(box, np.float32), float(score)) for box, score in zip(seen.boxes, seen.scores, strict=True)]


def _even(grey: Grey) -> Grey:
    """The picture with what is broad taken out and the rest at one contrast everywhere."""
    tones = grey.astype(np.float32)
    fine = (tones - cv2.GaussianBlur(tones, (0, 0), _BROAD)).astype(np.float32)
    contrast = np.sqrt(cv2.GaussianBlur(fine * fine, (0, 0), 3 * _BROAD))
    return np.clip(128 + 32 * fine / np.maximum(contrast, _LEAST_CONTRAST), 0, 255).astype(np.uint8)


def _height(corners: Corners) -> float:
    return float(min(np.linalg.norm(corners[1] - corners[0]), np.linalg.norm(corners[3] - corners[0])))


def _oblong(corners: Corners) -> float:
    along, down = float(np.linalg.norm(corners[1] - corners[0])), float(np.linalg.norm(corners[3] - corners[0]))
    return max(along, down) / max(min(along, down), 1e-6)


def _both_ways(colour: npt.NDArray[np.uint8], corners: Corners) -> tuple[Any, Any]:
    """The place cut out and laid level, as it stands and upside down; a line that runs down is laid on its side."""
    wide = float(max(np.linalg.norm(corners[1] - corners[0]), np.linalg.norm(corners[2] - corners[3])))
    tall = float(max(np.linalg.norm(corners[3] - corners[0]), np.linalg.norm(corners[2] - corners[1])))
    width, height = max(2, round(wide)), max(2, round(tall))
    level = np.array([[0, 0], [width, 0], [width, height], [0, height]], np.float32)
    turn = cv2.getPerspectiveTransform(corners, level)
    crop = cv2.warpPerspective(colour, turn, (width, height), flags=cv2.INTER_CUBIC, borderMode=cv2.BORDER_REPLICATE)
    if height > 1.5 * width:
        crop = cv2.rotate(crop, cv2.ROTATE_90_COUNTERCLOCKWISE)
    return crop, cv2.rotate(crop, cv2.ROTATE_180)


@cache
def _engine() -> Any:
    from rapidocr import RapidOCR  # half a second to load, and many commands read no film

    engine = RapidOCR(
        params={
            "Global.log_level": "error",
            "Global.max_side_len": 4096,  # the caller says how large
            "EngineConfig.onnxruntime.intra_op_num_threads": 1,
            "EngineConfig.onnxruntime.inter_op_num_threads": 1,
        }
    )
    logging.getLogger("RapidOCR").setLevel(logging.ERROR)
    return engine
