"""Femora that tests build people on: the built-in one, one of a mesh made here, one of real anatomy where at hand."""

from pathlib import Path

import numpy as np

from bench.body_hint import flattened
from simulation import mesh
from simulation.anatomy.surface import Surface


def vtp(path: Path, surface: Surface) -> Path:
    """The surface, mm, as VTK PolyData in metres."""
    faces = " ".join(map(str, surface.faces.ravel()))
    offsets = " ".join(str(3 * (i + 1)) for i in range(len(surface.faces)))
    points = " ".join(f"{v / 1000:.7g}" for v in surface.vertices.ravel())
    path.write_text(
        '<VTKFile type="PolyData"><PolyData><Piece><Points>'
        f'<DataArray format="ascii">{points}</DataArray></Points><Polys>'
        f'<DataArray Name="connectivity" format="ascii">{faces}</DataArray>'
        f'<DataArray Name="offsets" format="ascii">{offsets}</DataArray></Polys></Piece></PolyData></VTKFile>'
    )
    return path


def flat_femur(folder: Path) -> Surface:
    """A femur a third flatter from front to back than the built-in one, through a file as any mesh."""
    flat = flattened()
    world = flat.vertices[:, [2, 1, 0]] * np.array([1.0, 1.0, -1.0])  # x forward, y up, z to the right
    vtp(folder / "l_femur.vtp", Surface(world, flat.faces))
    return mesh.left_femur(folder)


def femur_of_a_person(file: Path, folder: Path) -> Surface:
    """A person's left femur from CT, by the name that a folder of meshes has it under. Nothing of it is kept."""
    (folder / "l_femur.vtp").symlink_to(file.resolve())
    return mesh.left_femur(folder)
