"""How far a film lies from those learned from: bounds come from films held out, and hang on none alone."""

import numpy as np
import pytest

from evidence.familiarity import MARGIN, Familiarity, bounded, distances, fit_familiarity

RANDOM = np.random.default_rng(0)
TYPICAL, CHEST = np.abs(RANDOM.normal(size=(2, 64)))


def films(count: int, spread: float = 0.2, like: np.ndarray = TYPICAL) -> np.ndarray:
    return like + RANDOM.normal(size=(count, like.size)) * spread


def test_one_in_twenty_new_films_is_unusual_though_those_learned_from_lie_closer() -> None:
    """A network brings the films it learned from together: their own distances would call most new films unusual."""
    familiarity = fit_familiarity(films(200, 0.1), films(400, 0.3))
    new = familiarity.distance(films(2000, 0.3))
    assert np.mean(new > familiarity.unusual) == pytest.approx(0.05, abs=0.02)
    among_themselves = np.quantile(distances(films(100, 0.1), films(100, 0.1)), 0.95)
    assert np.mean(new > among_themselves) > 0.9


def test_one_mislabelled_film_held_out_does_not_let_its_like_in() -> None:
    held = films(60)
    clean, spoiled = (fit_familiarity(films(200), one) for one in (held, np.vstack([held, films(1, like=CHEST)])))
    assert spoiled.foreign == pytest.approx(clean.foreign, abs=0.02)
    assert np.all(spoiled.distance(films(20, like=CHEST)) > spoiled.foreign)


def test_one_mislabelled_film_learned_from_does_not_let_its_like_in() -> None:
    learned = np.vstack([films(200), films(1, like=CHEST)])
    familiarity = fit_familiarity(learned, films(60))
    assert len(familiarity.films) == 200
    assert np.all(familiarity.distance(films(20, like=CHEST)) > familiarity.foreign)


def test_two_films_of_one_mislabelled_patient_are_no_company_to_each_other() -> None:
    learned = np.vstack([films(200), films(2, 0.01, like=CHEST)])
    patients = [str(number) for number in range(200)] + ["chest", "chest"]
    assert len(fit_familiarity(learned, films(60), patients).films) == 200


def test_without_outliers_the_bound_is_the_farthest_film_and_room() -> None:
    learned, held = films(100), films(50)
    assert fit_familiarity(learned, held).foreign == pytest.approx(distances(held, learned).max() + MARGIN)


def test_distances_from_cross_fitting_give_the_same_bounds() -> None:
    learned, held = films(100), films(50)
    one, other = fit_familiarity(learned, held), bounded(learned, distances(held, learned))
    assert (one.unusual, one.foreign) == (other.unusual, other.foreign)


def test_what_a_bundle_keeps_has_the_same_form() -> None:
    arrays = fit_familiarity(films(30), films(20)).arrays()
    assert set(arrays) == {"films", "bounds"}
    assert arrays["films"].dtype == np.float16
    again = Familiarity.from_arrays(arrays)
    assert again.distance(films(1)[0]) < again.foreign


def test_no_film_held_out_is_told() -> None:
    with pytest.raises(ValueError, match="found no film held out"):
        fit_familiarity(films(5), films(0))
