"""Whether a film stands on its head or lies on its side, by the network of views: it learned from upright films alone.

A film is told where it looks much more like one of the views that are read once it is turned. Of 356 upright films at
hand that are read (knees, pelves, spines, virtual ones) two knees cut close were taken for turned; of the same turned
about, all spines, four knees in five and a quarter of the pelves were told.
"""

from typing import Final

import numpy as np
import torch

from core.radiograph import Pixels, Radiograph
from core.refusal import Code, Notice, NoticeCode, Refused
from core.settings import settings
from evidence.calibration import calibrated
from imaging.preprocess import Preprocess
from models import engine
from models.bundle import Bundle
from recipes.view import IN_WORDS, OTHER, VIEWS

LOOKS: Final = 0.8  # share of a view that the turned film must have
SURER: Final = 1.5  # and by how much, in log odds, that is above the share of any view as it stands
READ: Final = ("hip_ap", "knee_ap", "spine_lateral")


def remarks_on_turn(film: Radiograph, bundle: Bundle, on: torch.device) -> list[Notice]:
    """A remark on a film that looks as if it stood on its head.

    Raises Refused `wrong_view` for one that looks as if it lay on its side, which no recipe can read.
    """
    (one,) = bundle.networks.values()
    inputs = Preprocess.from_dict(one.preprocessing)
    grey = inputs.grey(film)
    if grey.shape[0] != grey.shape[1]:
        return []

    def shares(turned: Pixels) -> dict[str, float]:
        answer = engine.answer(one, inputs.tensor(np.ascontiguousarray(turned)), on)
        return dict(zip(VIEWS, map(float, calibrated(answer.logits, one.facts["temperature"])), strict=True))

    as_it_is = _log_odds(max(share for view, share in shares(grey).items() if view != OTHER))
    # On its head a film may have been turned, or flipped.
    turns = {(90, 1): np.rot90(grey), (90, 3): np.rot90(grey, 3), (180, 2): np.rot90(grey, 2), (180, 0): grey[::-1]}
    looks = {turn: shares(turned) for turn, turned in turns.items()}
    share, view, degrees = max((look[view], view, turn[0]) for turn, look in looks.items() for view in READ)
    if share < LOOKS or _log_odds(share) - as_it_is < SURER:
        return []
    message = f"The film looks as if it were turned by {degrees} degrees (turned back it is like {IN_WORDS[view]})"
    if degrees == 90 and Code.WRONG_VIEW not in settings().warn_only:
        raise Refused(Code.WRONG_VIEW, f"{message}, expected the head above; turn it and send it again.")
    return [Notice(NoticeCode.TURNED, f"{message}; if so, turn it and send it again: its answer is not to be used.")]


def _log_odds(share: float) -> float:
    share = min(max(share, 1e-9), 1 - 1e-9)
    return float(np.log(share / (1 - share)))
