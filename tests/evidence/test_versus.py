"""When a challenger may take the champion's place."""

import numpy as np

from evidence.figure import Figure
from evidence.versus import Measure, Paired, age_band, weigh

N = 400
PATIENTS = [number // 2 for number in range(N)]


def losses(gain: float, seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    random = np.random.default_rng(seed)
    first = random.uniform(0.1, 0.6, N)
    return first, first - gain + random.normal(0, 0.02, N)


def weighed(paired: Paired, **about: list[str]):  # type: ignore[no-untyped-def]
    return weigh({"classes": paired}, PATIENTS, about)


def test_a_gain_beyond_chance_takes_the_place() -> None:
    found = weighed(Paired("Brier score", losses(0.05), ()))
    assert found.takes
    assert found.primary.difference.high < 0
    assert (found.units, found.patients) == (N, N // 2)


def test_no_gain_is_refused_with_both_figures() -> None:
    found = weighed(Paired("Brier score", losses(0.0), ()))
    assert not found.takes
    assert "not surely better" in found.reasons[0]


def test_a_loss_in_one_subgroup_refuses_a_gain_overall() -> None:
    first, second = losses(0.05)
    sex = ["F"] * 340 + ["M"] * 60
    second[340:] = first[340:] + 0.1
    found = weighed(Paired("Brier score", (first, second), ()), sex=sex)
    assert found.primary.difference.high < 0
    assert found.reasons == ("Brier score is worse in sex M",)


def test_a_subgroup_of_few_patients_is_shown_and_not_judged() -> None:
    first, second = losses(0.05)
    scanner = ["alpha"] * 390 + ["beta"] * 10
    second[390:] = first[390:] + 0.1
    found = weighed(Paired("Brier score", (first, second), ()), scanner=scanner)
    assert found.takes
    assert [one.p is None for one in found.subgroups] == [False, True]


def test_a_watched_measure_that_is_worse_refuses_and_one_without_a_better_side_does_not() -> None:
    lost = Measure("Accuracy", 0.9, 0.8, Figure(-0.1, -0.12, -0.08), p=0.001, better="more")
    coverage = Measure("Coverage", 0.95, 0.9, Figure(-0.05, -0.06, -0.04))
    assert weighed(Paired("Brier score", losses(0.05), (lost, coverage))).reasons == ("classes: Accuracy is worse",)


def test_another_task_that_is_worse_refuses() -> None:
    masks = Paired("1 - mean IoU", losses(-0.05, seed=1), ())
    found = weigh({"masks": masks, "classes": Paired("Brier score", losses(0.05), ())}, PATIENTS, {})
    assert found.reasons == ("masks: 1 - mean IoU is worse",)


def test_units_whose_truth_is_not_known_do_not_count() -> None:
    first, second = losses(0.05)
    first[:100] = np.nan
    assert weighed(Paired("Brier score", (first, second), ())).units == N - 100


def test_ages_have_bands() -> None:
    assert [age_band(one) for one in (None, 49.9, 50, 85)] == [None, "under 50", "50 to 59", "80 and over"]
