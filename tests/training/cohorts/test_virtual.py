"""Virtual cohorts: who teaches what, and that nobody who teaches also tests."""

from pathlib import Path

import pytest

from core.settings import settings
from training.cohorts import virtual
from training.cohorts.virtual import Cohort, elsewhere, learning, of_views, views_testing


def persons(cohort: Cohort) -> set[tuple[str, int, int]]:
    """Body, seed and number: what makes a virtual person."""
    return {(cohort.view, cohort.seed, number) for number in range(cohort.films)}


@pytest.mark.parametrize("view", ["hip_ap", "knee_ap", "spine_lateral"])
def test_nobody_who_teaches_tests(view: str) -> None:
    teach = [learning(view, 2000, 0), *elsewhere(view, 0), *of_views(0)]
    test = [*virtual.testing(view, 1000).values(), *(one for cohorts in views_testing().values() for one in cohorts)]
    assert not set().union(*map(persons, teach)) & set().union(*map(persons, test))


def test_those_who_learn_hips_get_bones_of_meshes_and_those_who_test_do_not(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    plain = learning("hip_ap", 10, 0)
    monkeypatch.setenv("OSTEOLENS_MESHES", str(tmp_path))
    settings.cache_clear()
    one = learning("hip_ap", 10, 0)
    assert one.meshes == tmp_path
    assert one.name != plain.name  # each in a folder of its own
    assert learning("knee_ap", 10, 0).meshes is None
    assert all(test.meshes is None for test in virtual.testing("hip_ap", 10).values())
