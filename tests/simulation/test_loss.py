"""Bone loss is solved on the body that is built: what was asked for is what the virtual DXA measures."""

from functools import cache
from pathlib import Path

import numpy as np
import pytest

from bench.body_hint import flattened
from core.settings import settings
from simulation import densitometry, loss, mesh
from simulation.anatomy import femur
from simulation.anatomy.surface import Surface
from simulation.femora import Femur, Quality, draw_shape
from simulation.loss import Pattern
from simulation.patient import draw
from simulation.xray.pose import STILL
from tests.simulation.bodies import femur_of_a_person, flat_femur

# A flattened femur; the same through a file, which bends it back to the mean femur's marks and so undoes most of that;
# a mesh; and three people's from CT.
MESHES = ("flattened", "made_here", "real_anatomy", "z001", "z023", "z046")
BODIES = ("built_in", *MESHES)
TOLERANCE = 0.03
PEOPLE = range(12)


@pytest.fixture(scope="module")
def flat(tmp_path_factory: pytest.TempPathFactory) -> Surface:
    return flat_femur(tmp_path_factory.mktemp("flat"))


@pytest.fixture
def surface(request: pytest.FixtureRequest, flat: Surface, tmp_path: Path) -> Surface:
    data, name = settings().data, request.param
    if name == "built_in":
        return femur.template()
    if name == "flattened":
        return flattened()
    if name == "made_here":
        return flat
    file = data / "mesh/l_femur.vtp" if name == "real_anatomy" else data / "bodies" / name / "femur_l.vtp"
    if not file.exists():
        pytest.skip(f"no mesh: set OSTEOLENS_DATA to a folder with {file.relative_to(data)}")
    return mesh.left_femur(file.parent) if name == "real_anatomy" else femur_of_a_person(file, tmp_path)


def scanned(aims: dict[str, float], person: int, surface: Surface) -> densitometry.Densitometry:
    """The person's femur on that surface, built for these densities and scanned."""
    rng = np.random.default_rng([31, person])
    shape = draw_shape(draw(np.random.default_rng([30, person])), rng)
    pattern, thigh = Pattern.drawn(rng), Femur.drawn(shape, rng, surface)
    return densitometry.scan(
        thigh.bone("femur", "L", loss.solved(thigh, pattern, aims), STILL), shape, "L", pitch_mm=0.8
    )


def own_aims(person: int) -> dict[str, float]:
    """What is asked of one hip of that person of the cohort."""
    return loss.aims_of_one_hip(draw(np.random.default_rng([30, person])), np.random.default_rng([32, person]))


@cache
def on_the_built_in_femur(person: int) -> densitometry.Densitometry:
    return scanned(own_aims(person), person, femur.template())


@pytest.mark.parametrize("surface", BODIES, indirect=True)
def test_what_was_asked_for_is_measured_on_the_body_that_is_built(surface: Surface) -> None:
    """From severe osteoporosis to a dense young hip, with a total hip as dense as the neck or denser by a fifth."""
    for person, neck in enumerate((0.45, 0.60, 0.75, 0.90, 1.10)):
        for total in (1.0, 1.2):
            aims = {"femoral_neck": neck, "total_hip": neck * total}
            found = scanned(aims, person, surface).abmd
            assert {region: found[region] for region in aims} == pytest.approx(aims, rel=TOLERANCE), person


@pytest.mark.parametrize("surface", MESHES, indirect=True)
def test_the_same_people_measure_the_same_on_a_mesh_as_on_the_built_in_femur(surface: Surface) -> None:
    """The mean difference is small beside what a T-score's threshold would notice, and few people change class."""
    on_mesh = [scanned(own_aims(person), person, surface) for person in PEOPLE]
    built_in = [on_the_built_in_femur(person) for person in PEOPLE]
    for region in loss.SOLVED:
        ratio = [mesh_.abmd[region] / plain.abmd[region] for mesh_, plain in zip(on_mesh, built_in, strict=True)]
        assert np.mean(ratio) == pytest.approx(1, abs=0.01), region
        assert np.max(np.abs(np.log(ratio))) < TOLERANCE, region
    assert sum(a.label != b.label for a, b in zip(on_mesh, built_in, strict=True)) <= 2


def test_the_flattened_femur_would_be_osteoporotic_sooner_if_nothing_was_solved_on_it() -> None:
    """That the flattened femur puts the solution to the test: the same loss leaves less in it."""
    shape, left = femur.FemurShape(), Quality(0.8, 1.0, {}, 1.0)
    neck = [
        densitometry.scan(
            Femur.drawn(shape, np.random.default_rng(0), one).bone("femur", "L", left, STILL), shape, "L"
        ).abmd["femoral_neck"]
        for one in (flattened(), femur.template())
    ]
    assert neck[0] < 0.93 * neck[1]


def test_where_no_cortex_can_bring_the_total_hip_there_the_neck_comes_to_its_aim() -> None:
    found = scanned({"femoral_neck": 0.5, "total_hip": 1.6}, 0, femur.template()).abmd
    assert found["femoral_neck"] == pytest.approx(0.5, rel=0.03)
    assert found["total_hip"] < 1.3
