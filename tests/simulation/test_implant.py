"""Metal in hips: it fits the bone, leaves everyone else's film alone, and is told in the truth."""

import dataclasses

import numpy as np
import pytest
import torch

import simulation
from simulation import Uncommon, hip, implant
from simulation.anatomy.femur import FemurShape
from simulation.femora import Femur, Quality
from simulation.xray.physics import TISSUES, Beam, mass_attenuation
from simulation.xray.pose import STILL


def only(kind: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(implant, "SHARES", tuple(float(one == kind) for one in implant.KINDS))


@pytest.mark.parametrize("kind", implant.KINDS)
def test_every_piece_is_a_closed_body_of_a_known_material_that_touches_the_bone(
    kind: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    only(kind, monkeypatch)
    rng = np.random.default_rng(3)
    for _ in range(6):
        shape = FemurShape(size=rng.uniform(0.85, 1.15), neck_shaft_angle=rng.uniform(118, 136))
        made = implant.draw(shape, 26.0, rng.uniform(0.5, 1.1), rng)
        assert made.kind == kind
        bone = shape.apply(hip.femur.template().vertices)
        for material, surface in (*made.in_femur, *made.in_pelvis):
            assert material in TISSUES
            assert surface.open_edges() == 0
            assert surface.volume_mm3 > 20
            if (material, surface) in made.in_femur:
                assert np.linalg.norm(bone.mean(0) - surface.vertices.mean(0)) < 160
                assert (surface.vertices.min(0) < bone.max(0) + 8).all()
                assert (surface.vertices.max(0) > bone.min(0) - 8).all()


def test_a_lag_screw_ends_inside_the_head_and_starts_at_the_lateral_cortex(monkeypatch: pytest.MonkeyPatch) -> None:
    for kind in ("nail", "sliding_screw", "neck_screws"):
        only(kind, monkeypatch)
        rng = np.random.default_rng(1)
        for _ in range(10):
            shape = FemurShape(size=rng.uniform(0.85, 1.15), neck_shaft_angle=rng.uniform(118, 136))
            pieces = implant.draw(shape, 26.0, 0.9, rng).in_femur
            points = np.concatenate([surface.vertices for _, surface in pieces])
            in_head = points[points[:, 0] < 5]
            assert len(in_head)
            assert np.linalg.norm(in_head, axis=1).max() < hip.femur.HEAD_RADIUS * shape.size
            assert points[:, 0].max() > 55 * shape.size


def test_the_saw_takes_head_and_neck_and_leaves_trochanters_and_shaft() -> None:
    shape = FemurShape(neck_shaft_angle=122.0, size=0.95)
    whole = shape.apply(hip.femur.template().vertices)
    left = implant.resected(whole, shape)
    assert np.linalg.norm(left, axis=1).min() > 0.5 * hip.femur.HEAD_RADIUS
    low = whole[:, 1] < -60
    assert np.array_equal(left[low], whole[low])
    bone = Femur.drawn(shape, np.random.default_rng(0)).bone("L_femur", "L", Quality(1, 1, {}, 1), STILL)
    geometry = hip.Geometry(None, -200.0, (-60.0, 60.0), 0.5, (360, 300))
    before, _ = bone.mineral(geometry)
    sawn = dataclasses.replace(
        bone, outer=implant.resected(bone.outer, shape), inner=implant.resected(bone.inner, shape)
    )
    after, shadow = sawn.mineral(geometry)
    film = shadow.on_film(shadow.length[0])
    assert float(film[100:130, 100:130].max()) < 0.3  # about the head's centre, at (120, 120)
    assert 0.4 * float(before.sum()) < float(after.sum()) < 0.85 * float(before.sum())


def test_who_has_no_implant_has_the_same_film_whatever_the_share() -> None:
    none, some = (
        [simulation.simulate("hip_ap", 8, i, size=96, uncommon=Uncommon(implants=share)) for i in range(8)]
        for share in (0.0, 0.5)
    )
    carriers = [any("implant" in row for row in film.rows) for film in some]
    assert 0 < sum(carriers) < len(carriers)
    for before, after, carrier in zip(none, some, carriers, strict=True):
        assert np.array_equal(before.pixels, after.pixels) != carrier
        for a, b in zip(before.rows, after.rows, strict=True):  # density is that of the bone before the operation
            assert {k: v for k, v in a.items() if k != "arthritis"} == {
                k: v for k, v in b.items() if k not in ("implant", "arthritis")
            }


@pytest.mark.parametrize("scanner", ["alpha", "beta"])
@pytest.mark.parametrize("kind", implant.KINDS)
def test_metal_is_white_and_the_truth_knows_what_bone_is_left(
    kind: str, scanner: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    only(kind, monkeypatch)
    plain = simulation.simulate("hip_ap", 21, 4, scanner, size=160, frame="hip")
    film = simulation.simulate("hip_ap", 21, 4, scanner, size=160, frame="hip", uncommon=Uncommon(implants=1.0))
    row = film.rows[0]
    side = row["side"]
    assert row["implant"] == kind
    brighter = film.pixels > plain.pixels + 0.15
    assert brighter.mean() > 0.004
    assert (film.pixels > 0.93).mean() > (plain.pixels > 0.93).mean()
    gone = kind in implant.WITHOUT_HEAD
    for name in ("femoral_neck", "wards_triangle", "total_hip"):
        assert (f"{side}_{name}" in film.masks) != gone
    assert (f"{side}_head_centre" in film.landmarks) != gone
    assert f"{side}_greater_trochanter" in film.landmarks
    here, before = (one.masks[f"{side}_femur"].sum() for one in (film, plain))
    assert here < 0.9 * before if gone else here == before
    if not gone:
        assert np.array_equal(film.projections["all_bone"], plain.projections["all_bone"])  # bone without the metal


def test_metal_attenuates_as_its_table_says_for_one_energy() -> None:
    beam = Beam(75.0, (), monoenergetic_kev=60.0)
    lengths = torch.tensor([0.0, 1.0, 4.25, 10.0])
    expected = lengths / 10 * TISSUES["titanium"][1] * float(mass_attenuation("titanium", np.array([60.0]))[0])
    assert torch.allclose(beam.metal_attenuation("titanium", lengths), expected, atol=1e-4)
    real = Beam(75.0).metal_attenuation("steel", torch.tensor([1.0, 2.0]))
    assert 1.0 < float(real[1] / real[0]) < 2.0  # the beam hardens


@pytest.mark.parametrize(
    ("call", "said"),
    [
        ({"view": "hip_ap", "uncommon": Uncommon(implants=1.5)}, "expected 0 to 1"),
        ({"view": "knee_ap", "uncommon": Uncommon(implants=0.2)}, "serves hip_ap"),
        ({"view": "hip_ap", "uncommon": Uncommon(dysplasia=-0.1)}, "people with dysplasia"),
    ],
)
def test_a_share_that_cannot_be_is_refused(call: dict, said: str) -> None:
    with pytest.raises(ValueError, match=said):
        simulation.simulate(**{"seed": 1, "index": 0, **call})
