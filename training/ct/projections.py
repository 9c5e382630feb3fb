"""The bone projections that belong to a film: named by its manifest, cast by a CT, or made anew for a virtual one."""

import json
import os
from pathlib import Path

import numpy as np
import numpy.typing as npt

import simulation
from core.radiograph import Radiograph
from core.settings import settings
from simulation import Uncommon
from training.ct.ct_projections import projections_of_ct
from training.data.manifest import Example, ManifestError

Projection = npt.NDArray[np.float32]
COLUMNS = ("projection_all_bone", "projection_proximal_femur")


def projection_of(example: Example, column: str, folder: Path, film: Radiograph | None = None) -> Projection | None:
    """The projection [H, W] in g/cm2 that a row's column names, that its CT gives on the `film`, or that a cohort's
    film was made with; None where none is there. `projection` alone names the proximal femur's. Raises ManifestError
    for a file that is no such array, NotLaid for a CT that does not lie on its film.

    Cohorts keep no projections of whole films by themselves, being large: one that is made here is kept beside the
    films, packed, so that the next training finds it. A cohort with bones of meshes keeps only the name of their folder
    and can be made again where the setting OSTEOLENS_MESHES has it: None elsewhere, unless it kept its projections.
    """
    named = example.others.get(column) or (example.others.get("projection") if column == COLUMNS[1] else None)
    if named:
        return _loaded(folder / str(named))
    if example.others.get("ct") and film is not None:
        return projections_of_ct(example.others, folder, film).get(column.removeprefix("projection_"))
    cohort = folder / "cohort.json"
    if not cohort.is_file():
        return None
    kept, made = folder / "projections" / f"{example.path.stem}.npz", json.loads(cohort.read_text())
    if not kept.is_file():
        if "meshes" in made and (settings().meshes or Path()).name != made["meshes"]:
            return None
        _keep(kept, made, int(example.path.stem))
    with np.load(kept) as file:
        name = column.removeprefix("projection_")
        return file[name].astype(np.float32) if name in file else None


def _keep(file: Path, cohort: dict[str, object], index: int) -> None:
    made = simulation.projections(
        str(cohort["view"]),
        int(str(cohort["seed"])),
        index,
        str(cohort["scanner"]),
        int(str(cohort["size"])),
        str(cohort.get("frame", "any")),
        meshes=settings().meshes if "meshes" in cohort else None,
        uncommon=Uncommon.of(cohort),
    )
    file.parent.mkdir(exist_ok=True)
    draft = file.with_name(f"{file.stem}.{os.getpid()}.tmp")
    with draft.open("wb") as out:
        np.savez_compressed(out, **{name: one.astype(np.float16) for name, one in made.items()})  # type: ignore[arg-type]
    draft.replace(file)


def _loaded(file: Path) -> Projection:
    try:
        values = np.load(file, allow_pickle=False)
    except (OSError, ValueError) as fault:
        raise ManifestError(f"{file} cannot be read ({fault}), expected a .npy file of numbers in g/cm2") from fault
    if not isinstance(values, np.ndarray) or values.ndim != 2:
        raise ManifestError(f"{file} is no plane of numbers, expected float32 [rows, columns] in g/cm2")
    return values.astype(np.float32)
