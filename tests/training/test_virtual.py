"""Virtual cohorts: who teaches what, and that nobody who teaches also tests."""

import pytest

from training import virtual
from training.virtual import Cohort, elsewhere, finding, learning, of_views, views_testing


def persons(cohort: Cohort) -> set[tuple[str, int, int]]:
    """Body, seed and number: what makes a virtual person."""
    return {(cohort.view, cohort.seed, number) for number in range(cohort.films)}


@pytest.mark.parametrize("films", [100, 480, 700])
def test_the_knees_finder_begins_with_knees_that_others_learn_from_and_makes_only_the_rest(films: int) -> None:
    cohorts = finding("knee_ap", films, seed=0)
    assert all(one.view == "knee_ap" for one in cohorts)
    shared = {*elsewhere("hip_ap", 0), *of_views(0)}
    own = [one for one in cohorts if one not in shared]
    assert sum(one.films for one in own) == max(0, films - 480)
    assert len(set(cohorts)) == len(cohorts)


def test_the_hips_finder_has_a_cohort_of_its_own() -> None:
    assert finding("hip_ap", 1800, seed=0) == (learning("hip_ap", 1800, 0),)


@pytest.mark.parametrize("view", ["hip_ap", "knee_ap", "spine_lateral"])
def test_nobody_who_teaches_tests(view: str) -> None:
    teach = [learning(view, 2000, 0), *finding(view, 2000, 0), *elsewhere("hip_ap", 0), *of_views(0)]
    test = [*virtual.testing(view, 1000).values(), *(one for cohorts in views_testing().values() for one in cohorts)]
    assert not set().union(*map(persons, teach)) & set().union(*map(persons, test))
