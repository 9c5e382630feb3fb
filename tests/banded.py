"""Films whose class is plain to see, and a recipe that learns it in seconds."""

from dataclasses import replace
from pathlib import Path

import numpy as np
from PIL import Image

import recipes
from imaging.preprocess import Preprocess
from recipes.recipe import Recipe
from tasks import CLASSES
from tasks.part import Candidate, Part, Preset
from tests.tiny import OPTIONS

LABELS = ("normal", "osteopenia", "osteoporosis")
TINY = Candidate(
    "vit", "vit", Preprocess(size=(32, 32), window=(0.0, 1.0)), {**OPTIONS["vit"], "image_size": 32, "patch_size": 8}
)


def draw(folder: Path, first: int, count: int, split: str = "") -> Path:
    """A band at one of three heights, in noise that no two films share; returns the table of these films."""
    folder.mkdir(parents=True, exist_ok=True)
    lines = ["path,label,patient,sex,scanner,split"]
    for number in range(first, first + count):
        random = np.random.default_rng(number)
        coarse = Image.fromarray(np.uint8(random.integers(0, 255, (24, 18))))
        film = 40 + 0.4 * np.asarray(coarse.resize((96, 128), Image.Resampling.BICUBIC), float)
        film[15 + 40 * (number % 3) : 35 + 40 * (number % 3)] += 90
        Image.fromarray(np.uint8(film.clip(0, 255))).save(folder / f"{number}.png")
        sex = "FM"[number // 3 % 2]
        lines.append(f"{number}.png,{LABELS[number % 3]},p{number},{sex},beta,{split}")
    table = folder / "manifest.csv"
    table.write_text("\n".join(lines))
    return table


def banded() -> Recipe:
    """`knee_resnet` that reads such films whole. `demo` learns them; `paper` hardly moves."""
    candidates = {"demo": (TINY,), "paper": (TINY,)}
    return replace(
        recipes.RECIPES["knee_resnet"],
        parts=(Part(CLASSES, "film", LABELS, candidates),),
        presets={"demo": Preset(epochs=20, batch_size=16, learning_rate=2e-3, folds=2),
                 "paper": Preset(epochs=1, batch_size=16, learning_rate=1e-7, folds=2)},
        finder=None, shared=False, holding="validation", bundle="knee_resnet@0.1.0",
    )  # fmt: skip
