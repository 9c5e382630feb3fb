"""Meshes from a folder: taken when closed, refused with a reason when not."""

from pathlib import Path

import numpy as np
import pytest

from core.settings import settings
from simulation import densitometry, mesh
from simulation.anatomy import femur
from simulation.anatomy.surface import Surface, box
from simulation.femora import Femur, Quality
from simulation.xray.pose import STILL
from tests.simulation.bodies import vtp


def test_a_closed_mesh_comes_back_in_millimetres_facing_outwards(tmp_path: Path) -> None:
    inside_out = Surface(box((30, 40, 50)).vertices, box((30, 40, 50)).faces[:, ::-1])
    found = mesh.read(vtp(tmp_path / "a.vtp", inside_out))
    assert found.volume_mm3 == pytest.approx(30 * 40 * 50)
    finer = found.subdivided()
    assert finer.open_edges() == 0
    assert finer.volume_mm3 == pytest.approx(found.volume_mm3)


@pytest.mark.parametrize(
    ("surface", "said"),
    [
        (Surface(box((30, 40, 50)).vertices, box((30, 40, 50)).faces[:-1]), "3 open edges, expected a closed surface"),
        (Surface(box((30, 40, 50)).vertices / 1000, box((30, 40, 50)).faces), "are its units metres"),
    ],
)
def test_a_mesh_with_a_hole_or_of_the_wrong_size_is_refused(tmp_path: Path, surface: Surface, said: str) -> None:
    with pytest.raises(mesh.BadMesh, match=said):
        mesh.read(vtp(tmp_path / "a.vtp", surface))


@pytest.mark.parametrize("text", ["", "not xml", "<VTKFile/>"])
def test_a_file_that_is_no_mesh_is_refused(tmp_path: Path, text: str) -> None:
    (tmp_path / "a.vtp").write_text(text)
    with pytest.raises(mesh.BadMesh, match="expected VTK PolyData"):
        mesh.read(tmp_path / "a.vtp")
    with pytest.raises(mesh.BadMesh, match="no mesh"):
        mesh.read(tmp_path / "b.vtp")


def test_the_femur_of_real_anatomy_takes_the_built_in_ones_place() -> None:
    folder = settings().data / "mesh"
    if not folder.exists():
        pytest.skip("no meshes: set OSTEOLENS_DATA to a folder with mesh/l_femur.vtp")
    surface = mesh.left_femur(folder)
    assert surface.open_edges() == 0
    shape, young = femur.FemurShape(), Quality(1.0, 1.0, {}, 1.0)
    found, mean = (
        densitometry.scan(
            Femur.drawn(shape, np.random.default_rng(0), one).bone("femur", "L", young, STILL), shape, "L"
        )
        for one in (surface, None)
    )
    for region in ("femoral_neck", "total_hip"):
        assert found.area_cm2[region] == pytest.approx(mean.area_cm2[region], rel=0.1)


def test_landmarks_of_the_mean_femur_lie_on_that_of_the_meshes() -> None:
    """What is told of a film with such bones is told by the mean femur's landmarks and regions."""
    folder = settings().data / "mesh"
    if not folder.exists():
        pytest.skip("no meshes: set OSTEOLENS_DATA to a folder with mesh/l_femur.vtp")
    surface, mean = mesh.left_femur(folder), femur.template()
    off = np.linalg.norm(mesh.femur_marks(surface.vertices) - mesh.femur_marks(mean.vertices), axis=1)
    assert off.max() < 5
    trochanters = np.array([femur.GREATER_TIP, femur.LESSER_TROCHANTER])
    away = np.linalg.norm(surface.vertices[:, None] - trochanters, axis=2).min(0)
    assert (away < 8).all()
    on_head = surface.vertices[np.linalg.norm(surface.vertices, axis=1) < 30]
    assert np.median(np.linalg.norm(on_head[on_head[:, 0] < 0], axis=1)) == pytest.approx(femur.HEAD_RADIUS, abs=1)


def test_half_a_femur_is_refused() -> None:
    short = femur.template().vertices[femur.template().vertices[:, 1] > -60]
    with pytest.raises(mesh.BadMesh, match="expected a left femur, whole"):
        mesh.femur_marks(short)


def test_a_folder_with_holes_in_its_bones_is_refused() -> None:
    path = settings().data / "mesh/l_tibia.vtp"
    if not path.exists():
        pytest.skip("no meshes: set OSTEOLENS_DATA to a folder with mesh/l_tibia.vtp")
    with pytest.raises(mesh.BadMesh, match="open edges"):
        mesh.read(path)
