"""Readings made by hand, for tests of what people see."""

from typing import Any

import numpy as np

from core.estimate import Difficulty, Estimate
from core.radiograph import Radiograph
from core.reading import ModelVersion, Reading, ViewGuess
from core.refusal import Code, Refusal


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
