"""Virtual cohorts: who teaches what, and that nobody who teaches also tests."""

import pytest

from training import virtual
from training.virtual import Cohort, elsewhere, learning, of_views, views_testing


def persons(cohort: Cohort) -> set[tuple[str, int, int]]:
    """Body, seed and number: what makes a virtual person."""
    return {(cohort.view, cohort.seed, number) for number in range(cohort.films)}


@pytest.mark.parametrize("view", ["hip_ap", "knee_ap", "spine_lateral"])
def test_nobody_who_teaches_tests(view: str) -> None:
    teach = [learning(view, 2000, 0), *elsewhere(view, 0), *of_views(0)]
    test = [*virtual.testing(view, 1000).values(), *(one for cohorts in views_testing().values() for one in cohorts)]
    assert not set().union(*map(persons, teach)) & set().union(*map(persons, test))
