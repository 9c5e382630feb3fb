"""An expert who knows the truth of virtual films, and answers tasks of the real Label Studio through its API."""

import csv
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import numpy as np
from PIL import Image

from annotation.question import CANNOT_BE_JUDGED, Question
from annotation.question.names import FILM, SURE
from annotation.rle import packed
from core.labels import CLASSES
from core.mask import BitMask
from imaging import read_radiograph

Truth = dict[str, dict[str, str]]  # by side, the row of truth.csv


def truths_of(cohort: Path) -> dict[str, Truth]:
    """The truth of each film of a simulated cohort of hips by its opaque name, by side."""
    found: dict[str, Truth] = {}
    by_film: dict[str, Truth] = {}
    with (cohort / "truth.csv").open() as file:
        for row in csv.DictReader(file):
            by_film.setdefault(row["path"], {})[row["side"]] = row
    for path, rows in by_film.items():
        found[read_radiograph((cohort / path).read_bytes(), path).case_id] = rows
    return found


@dataclass
class SimulatedReader:
    """Answers hips with their true class and outlines, but for a share of classes, where the neighbouring one is said.

    cohort: the folder whose masks are drawn. error: the share of hips that get another class.
    """

    question: Question
    truths: Mapping[str, Truth]
    cohort: Path
    http: httpx.Client
    error: float = 0.0
    seed: int = 0

    def __post_init__(self) -> None:
        self.random = np.random.default_rng(self.seed)
        self.classes = self.masks = self.wrong = self.unjudged = 0

    def answer(self, task_id: int) -> None:
        """Open a task, and submit an annotation."""
        asked = self.http.get(f"/api/tasks/{task_id}/")
        asked.raise_for_status()
        result = self.result(self.truths[asked.json()["data"]["case_id"]])
        done = self.http.post(f"/api/tasks/{task_id}/annotations/", json={"result": result, "lead_time": 30})
        done.raise_for_status()

    def result(self, truth: Truth) -> list[dict[str, Any]]:
        """The results of one annotation: a class a side and every region of it as a brush mask."""
        found = [_choice(SURE, "sure")]
        for side, control in self.question.class_controls.items():
            row = truth.get(str(side))
            if row is None:
                found.append(_choice(control, CANNOT_BE_JUDGED))
                found.append(_choice(self.question.reason_controls[side], "bone cut off"))
                self.unjudged += 1
                continue
            found.append(_choice(control, self._class(row["label"])))
            for region in self.question.regions:
                if row.get(f"mask_{region}"):
                    found.append(self._mask(side, region, self.cohort / row[f"mask_{region}"]))
        return found

    def _class(self, label: str) -> str:
        self.classes += 1
        if self.random.random() >= self.error:
            return label
        self.wrong += 1
        at = CLASSES.index(label)
        return CLASSES[at - 1 if at == len(CLASSES) - 1 or (at and self.random.random() < 0.5) else at + 1]

    def _mask(self, side: str | None, region: str, path: Path) -> dict[str, Any]:
        self.masks += 1
        with Image.open(path) as picture:
            mask = BitMask.of(np.asarray(picture.convert("L")) > 127)
        return {
            "from_name": self.question.brush_controls[side],
            "to_name": FILM,
            "type": "brushlabels",
            "original_width": mask.width,
            "original_height": mask.height,
            "image_rotation": 0,
            "value": {"format": "rle", "rle": packed(mask), "brushlabels": [self.question.region_label(region, side)]},
        }


def _choice(control: str, answer: str) -> dict[str, Any]:
    return {"from_name": control, "to_name": FILM, "type": "choices", "value": {"choices": [answer]}}
