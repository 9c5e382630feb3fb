"""A folder of drawn films with a manifest, in which everything is wrong that an audit finds."""

import csv
from pathlib import Path

import cv2
import numpy as np

from tests.evidence.drawn_films import CHANGES, drawn

PLANTED = {"same.png": 0, "resaved.jpg": 1, "cropped.png": 2, "mirrored.png": 3, "brighter.png": 4}


def spoiled(folder: Path) -> Path:
    """The manifest. Films 00 to 09 are different; `PLANTED` are copies of some."""
    folder.mkdir(parents=True, exist_ok=True)
    films = [drawn(seed) for seed in range(10)]
    for number, film in enumerate(films):
        _save(folder / f"{number:02d}.png", film)
    (folder / "same.png").write_bytes((folder / "00.png").read_bytes())
    _save(folder / "resaved.jpg", CHANGES["resaved with loss"](films[1]))
    _save(folder / "cropped.png", CHANGES["cropped"](films[2]))
    _save(folder / "mirrored.png", CHANGES["mirrored"](films[3]))
    _save(folder / "brighter.png", CHANGES["brighter"](films[4]))
    (folder / "broken.png").write_bytes((folder / "05.png").read_bytes()[:200])
    rows = [
        {"path": f"{number:02d}.png", "label": ("normal", "osteoporosis")[number % 2], "patient": f"P{number}",
         "split": "train", "age_years": 60 + number, "sex": "F"}
        for number in range(10)
    ]  # fmt: skip
    rows += [
        {**rows[of], "path": name, "label": "osteoporosis" if name == "cropped.png" else rows[of]["label"]}
        for name, of in PLANTED.items()
    ]
    rows[11]["split"] = "test"  # the resaved copy: of a patient and a film that teach
    rows[13]["patient"] = "P99"  # the mirrored copy: as if of somebody else
    rows.append({"path": "broken.png", "label": "normal"})
    rows.append({"path": "gone.png", "label": "normal"})
    rows.append({**rows[6], "label": "brittle"})
    table = folder / "manifest.csv"
    with table.open("w", newline="") as file:
        writer = csv.DictWriter(file, ["path", "label", "patient", "split", "age_years", "sex"])
        writer.writeheader()
        writer.writerows(rows)
    return table


def _save(path: Path, film: np.ndarray) -> None:
    cv2.imwrite(str(path), np.round(np.clip(film, 0, 1) * 255).astype(np.uint8))
