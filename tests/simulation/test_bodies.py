"""The built-in bodies: closed surfaces with the measures that anatomy books give."""

from collections.abc import Callable

import numpy as np
import pytest

import simulation
from simulation.anatomy import femur, pelvis, sacrum, soft, spine
from simulation.anatomy.surface import Surface


@pytest.mark.parametrize(
    "template",
    [
        femur.template,
        pelvis.hip_bone_template,
        pelvis.sacrum_template,
        sacrum.template,
        spine.template,
        spine.rib_template,
        soft.trunk_template,
    ],
    ids=lambda one: f"{one.__module__.rsplit('.')[-1]}.{one.__name__}",
)
def test_every_built_in_bone_is_closed(template: Callable[[], Surface]) -> None:
    assert template().open_edges() == 0


def test_the_sacrum_is_as_deep_long_and_bent_as_people_s() -> None:
    middle = sacrum.template().vertices
    middle = middle[np.abs(middle[:, 0]) < 3]
    endplate = middle[(np.abs(middle[:, 1]) < 2.5) & (np.abs(middle[:, 2]) < 24)]
    assert 28 < np.ptp(endplate[:, 2]) < 37  # mm, depth of the first body's endplate
    along, _ = sacrum.unrolled(sacrum.template().vertices)
    assert along.max() == pytest.approx(sacrum.LENGTH + sacrum.COCCYX, abs=3)
    low = middle[middle[:, 1].argmin()]
    tip = middle[np.argmax(sacrum.unrolled(middle)[0])]
    assert tip[2] > 25  # bent forward: the coccyx lies before the endplate's middle, in the first body's own frame
    assert low[1] < -80


def test_the_line_unrolls_straight_and_bent_parts_alike() -> None:
    along, places, normals = sacrum._line()
    for number in (0, 40, 90):
        point = np.array([[7.0, *(places[number] + 5 * normals[number])]])
        far, before = sacrum.unrolled(point)
        assert far[0] == pytest.approx(along[number], abs=1.0)
        assert before[0] == pytest.approx(5, abs=0.3)


@pytest.mark.parametrize("index", range(4))
def test_bodies_stand_on_the_sacrum_one_above_the_other(index: int) -> None:
    film = simulation.simulate("spine_lateral", 41, index, "vfa", 128)
    heights = [
        np.mean([y for name, (_, y) in film.landmarks.items() if name.startswith(f"{level}_")])
        for level in spine.LEVELS
    ]
    assert (np.diff(heights) < 0).all()
    for below, above in zip(spine.LEVELS[:-1], spine.LEVELS[1:], strict=True):
        upper = film.landmarks[f"{below}_middle_upper"][1]
        assert film.landmarks[f"{above}_middle_lower"][1] < upper
    assert film.masks["sacrum"].any()
    assert np.flatnonzero(film.masks["sacrum"].any(1)).min() > heights[2]
