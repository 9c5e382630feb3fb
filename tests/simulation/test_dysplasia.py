"""Shallow sockets: what changes in the people who have them, and that nobody else's film does."""

import numpy as np

import simulation
from simulation import Uncommon


def test_only_those_born_with_it_have_another_film() -> None:
    plain = [simulation.simulate("hip_ap", 8, index, size=96) for index in range(6)]
    shared = [simulation.simulate("hip_ap", 8, index, size=96, uncommon=Uncommon(dysplasia=0.5)) for index in range(6)]
    born = [any("dysplasia" in row for row in film.rows) for film in shared]
    assert 0 < sum(born) < 6
    for one, other, dysplastic in zip(plain, shared, born, strict=True):
        assert np.array_equal(one.pixels, other.pixels) != dysplastic


def test_the_head_slips_outward_and_the_neck_stands_steeper() -> None:
    plain = simulation.simulate("hip_ap", 5300, 3, size=256, frame="pelvis")
    born = simulation.simulate("hip_ap", 5300, 3, size=256, frame="pelvis", uncommon=Uncommon(dysplasia=1.0))
    for before, after in zip(plain.rows, born.rows, strict=True):
        assert after["dysplasia"] >= 0.4
        assert after["neck_shaft_angle_deg"] > before["neck_shaft_angle_deg"] + 3
        moved = born.landmarks[f"{after['side']}_head_centre"][0] - plain.landmarks[f"{after['side']}_head_centre"][0]
        outward = moved * (1 if after["side"] == "L" else -1) * plain.spacing_mm[1]
        assert 2 < outward < 12
        assert before["label"] == after["label"] or abs(before["t_total_hip"] - after["t_total_hip"]) < 0.5
