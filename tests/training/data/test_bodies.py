"""Bodies cut out of films: where their points are, who is broken, and how often each is shown."""

from pathlib import Path

import numpy as np
import pytest
import torch

from anatomy.vertebral_body import ROOM
from imaging.preprocess import Preprocess
from models.heat import SIGMA
from simulation import Uncommon
from simulation.write import write
from tasks.landmarks.learn import BROKEN_TIMES, INTACT_SHARE, evened
from tasks.landmarks.objective import BodyObjective
from tasks.samples import Samples
from training.data.bodies import gather
from training.data.manifest import Manifest, read_manifest

INPUTS = Preprocess((48, 48))


@pytest.fixture(scope="module")
def cohort(tmp_path_factory: pytest.TempPathFactory) -> Manifest:
    folder: Path = tmp_path_factory.mktemp("bodies")
    for _ in write("spine_lateral", 3, 8, "alpha", folder, 256, projections=False, uncommon=Uncommon(fractures=1.0)):
        pass
    return read_manifest(folder / "truth.csv")


@pytest.fixture(scope="module")
def bodies(cohort: Manifest) -> Samples:
    return gather(cohort, INPUTS)


def test_each_body_lies_in_the_middle_of_its_square_with_room_around(bodies: Samples) -> None:
    assert bodies["crops"].shape[1:] == (round(48 * ROOM),) * 2
    assert len(bodies["crops"]) == len(bodies["points"]) == len(bodies["broken"]) == len(bodies.patients)
    assert bodies["points"].mean(1) == pytest.approx(np.full((len(bodies["points"]), 2), 0.5), abs=1e-3)
    assert (bodies["points"][:, :3, 1] < bodies["points"][:, 3:, 1]).all()
    assert 3 <= bodies["broken"].sum() < len(bodies["broken"])
    assert len(set(bodies.patients)) == 3


def test_broken_bodies_are_shown_more_often_than_they_are_met(bodies: Samples) -> None:
    shown = evened(bodies, 0)["broken"]
    assert shown.sum() == BROKEN_TIMES * bodies["broken"].sum()
    assert (~shown).sum() <= round(INTACT_SHARE * shown.sum())
    intact = bodies.rows(np.flatnonzero(~bodies["broken"]))
    assert evened(intact, 0) is intact


def test_points_move_with_the_squares_that_a_lesson_shows(bodies: Samples) -> None:
    lesson = BodyObjective(bodies["crops"], bodies["points"], INPUTS)
    at = ((torch.from_numpy(bodies["points"]) - 0.5) * ROOM + 0.5) * 48  # the middle is shown, without the room
    grid = torch.arange(48) + 0.5
    away = (grid - at[..., :1]).square()[:, :, None, :] + (grid - at[..., 1:]).square()[..., None]
    perfect = 10 - away / (2 * SIGMA**2)  # heat as it is taught
    random = torch.Generator().manual_seed(0)
    right, wrong = (
        float(lesson.loss(lambda _, heat=heat: heat, lesson.films, random, vary=False))
        for heat in (perfect, perfect.roll(6, 3))
    )
    assert right < wrong - 1
