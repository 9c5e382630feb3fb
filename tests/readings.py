"""Readings made by hand, for tests of what people see."""

from collections.abc import Mapping
from typing import Any

import numpy as np

from anatomy.femur import OUTLINED
from core.estimate import Difficulty, Estimate
from core.radiograph import Mask, Radiograph, Side
from core.reading import ModelVersion, Reading, ViewGuess
from core.refusal import Code, Notice, NoticeCode, Refusal
from core.regions import Region, Regions
from imaging.outline import outline_of


def a_film(height: int = 60, width: int = 40, seed: int = 0) -> Radiograph:
    pixels = np.random.default_rng(seed).random((height, width), np.float32)
    return Radiograph(pixels, case_id=f"{seed:024x}", site="knee", view="ap")


def a_reading(**changes: Any) -> Reading:
    film = changes.pop("radiograph", a_film())
    values: dict[str, Any] = {
        "path": "knee.png",
        "status": "read",
        "case_id": film.case_id,
        "recipe": "knee_resnet",
        "view": ViewGuess("knee_ap", 0.98),
        "estimate": Estimate({"normal": 0.2, "osteopenia": 0.55, "osteoporosis": 0.25}, ("osteopenia", "osteoporosis")),
        "candidates": {
            "mobilenet_v2": {"normal": 0.1, "osteopenia": 0.6, "osteoporosis": 0.3},
            "vit": {"normal": 0.3, "osteopenia": 0.5, "osteoporosis": 0.2},
        },
        "explanation": np.linspace(0, 1, film.pixels.size, dtype=np.float32).reshape(film.pixels.shape),
        "difficulty": Difficulty(0.6, True, ("near_threshold",)),
        "model": ModelVersion("knee_resnet", "0.1.0", "Films of nobody", "tests"),
        "timing_ms": {"decode": 1.0, "total": 2.0},
        "radiograph": film,
    }
    return Reading(**(values | changes))


def a_refusal(code: Code = Code.TOO_SMALL, message: str = "The film is 1 x 1 pixels; send a larger one.") -> Reading:
    return Reading("x.png", "refused", refusal=Refusal(code, message))


SIDES_ASSUMED = Notice(
    NoticeCode.SIDE_BY_CONVENTION,
    "Nothing on the film says which side is which; the patient's right is taken to be on the picture's left.",
)


def hip_film(height: int = 120, width: int = 160) -> tuple[Radiograph, dict[str, Mask]]:
    """A film with two made-up femora, and their masks by name (`R_femur`, ...): ellipses within one another."""
    pixels = np.random.default_rng(5).random((height, width), np.float32) / 2
    rows, columns = np.mgrid[:height, :width]
    masks = {}
    for side, middle in (("R", 0.25), ("L", 0.75)):
        for place, name in enumerate(OUTLINED):
            size = 0.06 + 0.05 * place
            across, down = (columns / width - middle) / (size * 0.6), (rows / height - 0.5) / size
            masks[f"{side}_{name}"] = across**2 + down**2 < 1
    film = Radiograph(pixels, f"{5:024x}", (0.5, 0.5), "detector", site="hip", view="ap")
    return film, masks


def hip_readings(
    film: Radiograph, masks: Mapping[str, Mask], sides: tuple[Side, ...] = ("R", "L"), **changes: Any
) -> list[Reading]:
    """A reading a limb, outlined by the masks; the right hip is hard, the left one plain."""
    rows, columns = np.mgrid[: film.height, : film.width]
    readings = []
    for side in sides:
        own = {name: masks[f"{side}_{name}"] for name in OUTLINED}
        found = [
            Region(name, mask, outline_of(mask), 0.97 - 0.04 * place) for place, (name, mask) in enumerate(own.items())
        ]
        middle = found[0].centroid_xy
        away = np.hypot(columns - middle[0], rows - middle[1]) / film.width
        likely = {"normal": 0.15, "osteopenia": 0.6, "osteoporosis": 0.25}
        right = {
            "recipe": "hip_vit",
            "path": "hip.png",
            "side": side,
            "view": ViewGuess("hip_ap", 0.93),
            "radiograph": film,
            "regions": Regions(tuple(found)),
            "explanation": np.exp(-((away / 0.06) ** 2)).astype(np.float32),
            "warnings": (SIDES_ASSUMED,),
            "model": ModelVersion("hip_vit", "0.1.0", "virtual patients on scanner alpha, and no film of a person", ""),
            "difficulty": Difficulty(0.7, True, ("near_threshold", "region_uncertain")),
        }
        left = right | {
            "estimate": Estimate({"normal": 0.1, "osteopenia": 0.2, "osteoporosis": 0.7}, ("osteoporosis",)),
            "difficulty": Difficulty(0.1, False),
        }
        right["estimate"] = Estimate(likely, ("normal", "osteopenia"))
        readings.append(a_reading(**(right if side == "R" else left) | changes))
    return readings
