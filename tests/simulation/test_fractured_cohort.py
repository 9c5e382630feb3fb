"""Cohorts with more broken vertebrae than people as they come: what changes, and that nobody else's film does."""

import numpy as np
import pytest

import simulation
from simulation import Uncommon


def test_only_those_who_come_with_one_have_another_film() -> None:
    plain = [simulation.simulate("spine_lateral", 8, index, size=96) for index in range(10)]
    shared = [
        simulation.simulate("spine_lateral", 8, index, size=96, uncommon=Uncommon(fractures=0.5)) for index in range(10)
    ]
    before, after = ([film.rows[0]["fracture"] for film in films] for films in (plain, shared))
    assert sum(after) >= sum(before) + 2
    for one, other, was, now in zip(plain, shared, before, after, strict=True):
        assert now >= was
        assert np.array_equal(one.pixels, other.pixels) == (was == now)


def test_fractures_serve_spines_alone() -> None:
    with pytest.raises(ValueError, match="fractures was asked for, but hip_ap has none"):
        simulation.simulate("hip_ap", 1, 0, uncommon=Uncommon(fractures=0.5))
