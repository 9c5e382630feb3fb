"""A cohort on disk: films as DICOM, masks, projections and `truth.csv`, which is a manifest to train on.

Each film's line of truth is written last, into a file of its own (`DIR/rows/`), and moved into place whole: a run that
is stopped goes on where it was, and films already there are not made again.
"""

import csv
import json
import os
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import FIRST_COMPLETED, ProcessPoolExecutor, wait
from functools import partial
from multiprocessing import get_context
from pathlib import Path
from typing import Any

import numpy as np
import pydicom
import torch
from PIL import Image

import simulation
from core.system.worker import end_with_parent
from simulation import dicom
from simulation.uncommon import NONE, Uncommon

LEADING = ("path", "patient", "label", "side", "scanner", "split")


def write(
    view: str,
    n: int,
    seed: int,
    scanner: str,
    out: Path,
    size: int | None = None,
    workers: int = 1,
    device: str = "cpu",
    frame: str = "any",
    meshes: Path | None = None,
    uncommon: Uncommon = NONE,
    projections: bool = True,
) -> Iterator[int]:
    """Make films 0..n-1 of the cohort under `out`; yields how many are done, from those already there up to n.

    projections: whether to keep the projections of bone, four fifths of a cohort's bytes.

    Raises ValueError for an unknown view or scanner, a size out of range, or a folder that holds another cohort.
    """
    if n < 1:
        raise ValueError(f"{n} films were asked for, expected at least 1")
    px = simulation.SIZE if size is None else size
    simulation.check(view, scanner, px, frame, meshes, uncommon)
    cohort: dict[str, str | int | float] = {
        "view": view,
        "seed": seed,
        "scanner": scanner,
        "size": px,
        "frame": frame,
    }
    if meshes is not None:
        cohort["meshes"] = meshes.name
    cohort |= uncommon.asked()
    for folder in ("films", "masks", "projections", "rows"):
        (out / folder).mkdir(parents=True, exist_ok=True)
    about = out / "cohort.json"
    if about.exists() and json.loads(about.read_text()) != cohort:
        raise ValueError(
            f"{out} holds the cohort {about.read_text().strip()}, asked for {json.dumps(cohort)}; choose another folder"
        )
    about.write_text(json.dumps(cohort) + "\n")

    film_of = partial(
        simulation.simulate,
        view,
        seed,
        scanner=scanner,
        size=size,
        device=device,
        frame=frame,
        meshes=meshes,
        uncommon=uncommon,
    )
    if _row_file(out, 0).exists():
        first = film_of(0, truth=False)
        if not _same(first, out / "films" / "000000.dcm"):
            raise ValueError(
                f"{out} holds films that this version of the simulator makes otherwise (the first differs), expected "
                "films of one version; delete that folder or choose another"
            )
    todo = [index for index in range(n) if not _row_file(out, index).exists()]
    done = n - len(todo)
    yield done
    job = (film_of, f"{view.split('_')[0]}-{seed}", out, projections)
    if workers <= 1 or len(todo) < 2:
        for index in todo:
            make(index, *job)
            done += 1
            yield done
    else:
        with ProcessPoolExecutor(workers, get_context("spawn"), begin_worker) as pool:
            running = {pool.submit(make, index, *job) for index in todo}
            while running:
                finished, running = wait(running, return_when=FIRST_COMPLETED)
                for one in finished:
                    one.result()
                    done += 1
                    yield done
    truth(out, n)


def _same(film: simulation.VirtualFilm, file: Path) -> bool:
    """Whether a file holds this film, but for roundings of another machine."""
    there, now = pydicom.dcmread(file), dicom.dataset(film, "")
    if (there.Rows, there.Columns, there.BitsStored) != (now.Rows, now.Columns, now.BitsStored):
        return False
    grey = [np.frombuffer(one.PixelData, np.uint16).astype(float) / 2**now.BitsStored for one in (there, now)]
    return float(np.abs(grey[0] - grey[1]).mean()) < 2e-3


def make(
    index: int, film_of: Callable[[int], simulation.VirtualFilm], cohort: str, out: Path, projections: bool
) -> None:
    """Make one film and everything that belongs to it. cohort: what the names of its patients begin with."""
    film = film_of(index)
    patient = f"{cohort}-{index:06d}"
    stem = f"{index:06d}"
    dicom.write(film, out / "films" / f"{stem}.dcm", patient)
    for name, mask in film.masks.items():
        Image.fromarray(mask).save(out / "masks" / f"{stem}_{name}.png")
    kept = film.projections if projections else {}
    for name, projection in kept.items():
        np.save(out / "projections" / f"{stem}_{name}.npy", projection)
    rows = [
        {
            "path": f"films/{stem}.dcm",
            "patient": patient,
            **row,
            **{f"mask_{short}": f"masks/{stem}_{name}.png" for name, short in _of_limb(film.masks, row["side"])},
            **{f"projection_{name}": f"projections/{stem}_{name}.npy" for name in kept},
            "landmarks": json.dumps(
                {
                    short: [round(v, 2) for v in film.landmarks[name]]
                    for name, short in _of_limb(film.landmarks, row["side"])
                }
            ),
        }
        for row in film.rows
    ]
    final = _row_file(out, index)
    draft = final.with_suffix(f".{os.getpid()}")
    draft.write_text(json.dumps(rows))
    draft.replace(final)


def truth(out: Path, n: int) -> None:
    """Gather the rows of films 0..n-1 into `truth.csv`, one line a limb."""
    rows: list[dict[str, Any]] = []
    for index in range(n):
        rows += json.loads(_row_file(out, index).read_text())
    names = list(dict.fromkeys(name for row in rows for name in row))
    columns = [name for name in LEADING if name in names] + [name for name in names if name not in LEADING]
    draft = out / f"truth.{os.getpid()}"
    with draft.open("w", newline="") as file:
        writer = csv.DictWriter(file, columns, restval="")
        writer.writeheader()
        writer.writerows(rows)
    draft.replace(out / "truth.csv")


def _of_limb(names: Iterable[str], side: str) -> list[tuple[str, str]]:
    """Names that belong to one limb, with their short form: its own and those of the whole film."""
    other = {"R": "L_", "L": "R_"}.get(side)
    return [(name, name.removeprefix(f"{side}_")) for name in names if not (other and name.startswith(other))]


def _row_file(out: Path, index: int) -> Path:
    return out / "rows" / f"{index:06d}.json"


def begin_worker() -> None:
    """One thread a worker; and a worker whose parent was killed ends too, instead of waiting for work for ever."""
    torch.set_num_threads(1)
    end_with_parent()
