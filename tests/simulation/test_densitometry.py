"""The virtual DXA: right on a known slab, and repeatable."""

from functools import cache

import numpy as np
import pytest
import torch

from simulation import densitometry
from simulation.anatomy.femur import FemurShape
from simulation.anatomy.surface import box
from simulation.bone import Bone
from simulation.femora import Femur, Quality
from simulation.loss import READINESS, Pattern
from simulation.patient import Patient
from simulation.trabeculae import SpongyBone, proximal_femur
from simulation.xray.pose import STILL, Pose, turn
from simulation.xray.projector import Geometry

YOUNG = Quality(1.0, 1.0, {}, 1.0)


@cache
def femur(side: str = "L", seed: int = 3) -> Bone:
    return Femur.drawn(FemurShape(), np.random.default_rng(seed)).bone("femur", side, YOUNG, STILL)


@pytest.mark.parametrize("density", [60.0, 240.0])
def test_a_slab_of_known_density_measures_right_within_one_percent(density: float) -> None:
    """20 mm of spongy bone in 2 mm walls: aBMD = (4 x 1060 + 20 x density) x 1e-4 g/cm2."""
    spongy = SpongyBone((0, 1), (-60.0, -60.0), 1.0, torch.full((120, 120), density))
    outer, inner = box((50, 50, 24.0)), box((50, 50, 20.0))
    slab = Bone("slab", outer.vertices, inner.vertices, outer.faces, spongy, lambda p: p, STILL)
    mineral, _ = slab.mineral(Geometry(None, -100.0, (-40.0, 40.0), 0.5, (160, 160)))
    middle = mineral[mineral.shape[0] // 2, mineral.shape[1] // 2]
    assert float(middle) == pytest.approx((4 * 1060 + 20 * density) * 1e-4, rel=0.01)


def test_it_repeats_within_half_a_percent_wherever_the_pixels_fall() -> None:
    bone, shape = femur(), FemurShape()
    rng = np.random.default_rng(0)
    scans = [densitometry.scan(bone, shape, "L", 0.5, tuple(rng.uniform(0, 0.5, 2))) for _ in range(6)]
    for region in densitometry.REGIONS:
        values = np.array([one.abmd[region] for one in scans])
        assert np.abs(values / values.mean() - 1).max() < 0.005, region


def test_a_right_hip_measures_as_its_mirrored_left() -> None:
    left = densitometry.scan(femur("L"), FemurShape(), "L")
    right = densitometry.scan(femur("R"), FemurShape(), "R")
    assert right.abmd == pytest.approx(left.abmd, rel=1e-3)


def test_the_pose_of_the_film_does_not_touch_the_measurement() -> None:
    from dataclasses import replace

    posed = replace(femur(), pose=Pose(turn(x=8, y=20, z=5), np.array([90.0, 3.0, -4.0])))
    assert densitometry.scan(posed, FemurShape(), "L").abmd == densitometry.scan(femur(), FemurShape(), "L").abmd


def test_the_mean_young_femur_is_as_dense_as_the_reference() -> None:
    """NHANES III, white women of 20-29: neck 0.858 (0.120), total hip 0.942 (0.122) g/cm2: within half an SD."""
    found = densitometry.scan(femur(), FemurShape(), "L")
    assert abs(found.t_scores["femoral_neck"]) < 0.5
    assert abs(found.t_scores["total_hip"]) < 0.5
    assert found.abmd["wards_triangle"] < found.abmd["femoral_neck"]


def test_bone_loss_takes_the_secondary_groups_before_the_principal_ones() -> None:
    patterns = [Pattern.drawn(np.random.default_rng(index)).left(0.5) for index in range(20)]
    lost = np.mean(
        [[left.groups["secondary_tensile"], left.groups["principal_compressive"]] for left in patterns], axis=0
    )
    assert lost[0] < 0.75 * lost[1]


def test_groups_have_names_the_loss_knows() -> None:
    assert {group.name for group in proximal_femur().groups} | {"plain", "cortex", "porosity"} == set(READINESS)


def test_regions_lie_where_they_belong() -> None:
    regions = densitometry.scan(femur(), FemurShape(), "L").regions
    cover = {
        n: v > 0.5
        for n, v in regions.cover(
            *torch.meshgrid(torch.arange(-40.0, 80), torch.arange(-150.0, 40), indexing="ij"), 1.0
        ).items()
    }
    total = cover["total_hip"]
    assert bool((total | ~cover["femoral_neck"]).all())
    assert not bool((cover["femoral_neck"] & cover["greater_trochanter"]).any())
    assert not bool(total[40, 150])  # the head's centre


def test_an_impossible_femur_is_refused() -> None:
    with pytest.raises(ValueError, match="105 to 150"):
        FemurShape(neck_shaft_angle=170.0)
    with pytest.raises(ValueError, match="no body can be built"):
        Patient(65, "F", 160, 90, 0.7, 0.8, False, 1, False)
