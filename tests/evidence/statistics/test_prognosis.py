"""Prognosis on people whose hazards are known, and against lifelines where both can answer."""

import numpy as np
import pandas as pd
import pytest
from lifelines import KaplanMeierFitter
from lifelines.utils import concordance_index

from evidence.statistics.prognosis import (
    Followed,
    c_index,
    hazard_ratio,
    net_benefit,
    net_reclassification,
    prognosis,
    surviving,
)


def people(count: int = 900, ratio: float = 2.0, seed: int = 0) -> pd.DataFrame:
    """Hazard of 4 % a year, `ratio` times as high a standard deviation of `score_true`, 1.5 times one of age."""
    random = np.random.default_rng(seed)
    true, chance, age = random.normal(size=(3, count))
    hazard = 0.04 * ratio**true * 1.5**age
    event, end = random.exponential(1 / hazard), random.uniform(4, 10, count)
    return pd.DataFrame(
        {
            "score_true": true,
            "score_chance": chance,
            "age_years": 65 + 10 * age,
            "sex": np.where(random.random(count) < 0.5, "F", "M"),
            "followup_years": np.minimum(event, end).round(2),
            "incident_fracture": (event < end).astype(int),
        }
    )


@pytest.fixture(scope="module")
def found() -> dict:
    return prognosis(people(), ["score_true", "score_chance"], draws=200)


def test_the_hazard_ratio_that_was_put_in_comes_out(found: dict) -> None:
    adjusted = found["scores"]["score_true"]["hazard_ratio"]["adjusted"]
    assert adjusted["low"] < 2.0 < adjusted["high"]
    chance = found["scores"]["score_chance"]["hazard_ratio"]["crude"]
    assert chance["low"] < 1.0 < chance["high"]


def test_only_a_score_that_tells_something_adds_to_what_is_known(found: dict) -> None:
    true, chance = (found["scores"][f"score_{name}"] for name in ("true", "chance"))
    assert true["c_index"]["gain"]["low"] > 0.02
    assert abs(chance["c_index"]["gain"]["value"]) < 0.02
    assert true["nri"]["sum"]["low"] > 0
    assert chance["nri"]["sum"]["low"] < 0.2
    assert true["kaplan_meier"]["p"] < 1e-6
    at = true["decision_curve"]["threshold"].index(0.2)
    better, known = (true["decision_curve"][name][at]["value"] for name in ("with", "without"))
    assert better > known > true["decision_curve"]["everyone"][at]["value"]


def test_every_figure_lies_within_its_interval(found: dict) -> None:
    def check(part: object) -> int:
        if isinstance(part, dict) and {"value", "low", "high"} <= set(part):
            assert part["low"] <= part["value"] <= part["high"], part
            return 1
        inside = part.values() if isinstance(part, dict) else part if isinstance(part, list) else ()
        return sum(map(check, inside))

    assert check(found) > 50


def test_survival_at_a_horizon_is_kaplan_meiers() -> None:
    table = people(200, seed=3).round({"followup_years": 0})  # many ties
    years, event = table.followup_years.to_numpy(float), table.incident_fracture.to_numpy() == 1
    times = np.random.default_rng(1).integers(0, 3, 200)
    fitted = KaplanMeierFitter().fit(years, event, weights=times)
    for horizon in (2.5, 5.0, 7.0):
        assert surviving(years, event, times[None].astype(float), horizon)[0] == pytest.approx(
            fitted.predict(horizon), abs=1e-9
        )


def test_concordance_is_lifelines() -> None:
    table = people(200, seed=4).round({"followup_years": 1, "score_true": 1})
    years, event, score = (
        table[name].to_numpy(float) for name in ("followup_years", "incident_fracture", "score_true")
    )
    assert c_index(years, event == 1, score, np.ones((1, 200)))[0] == pytest.approx(
        concordance_index(years, -score, event)
    )


def test_reclassification_and_net_benefit_without_censoring_are_counts() -> None:
    """Ten people followed for ten years, four of whom break a bone before five."""
    event = np.arange(10) < 4
    years, weights = np.where(event, 2.0, 10.0), np.ones((1, 10))
    before = np.full(10, 0.3)
    after = np.array([0.9, 0.9, 0.9, 0.1, 0.1, 0.1, 0.1, 0.1, 0.9, 0.9])
    parts = net_reclassification(years, event, before, after, np.repeat(weights, 3, 0), 5.0)
    assert parts["fractures"]["value"] == pytest.approx((3 - 1) / 4)
    assert parts["others"]["value"] == pytest.approx((4 - 2) / 6)
    at_a_fifth = net_benefit(years, event, after, weights, 5.0)[9, 0]
    assert at_a_fifth == pytest.approx(3 / 10 - 2 / 10 * 0.2 / 0.8)


def test_a_table_that_says_nothing_is_refused_in_a_sentence() -> None:
    table = people(100)
    with pytest.raises(ValueError, match="expected followup_years"):
        prognosis(table.drop(columns="followup_years"), ["score_true"])
    with pytest.raises(ValueError, match="expected at least 20; follow more people"):
        prognosis(table.assign(incident_fracture=0), ["score_true"])
    with pytest.raises(ValueError, match="shorter horizon"):
        prognosis(table, ["score_true"], horizon=50)
    with pytest.raises(ValueError, match="the same for everyone"):
        prognosis(table.assign(score_true=1.0), ["score_true"])
    with pytest.raises(ValueError, match="other than 0 and 1"):
        prognosis(table.assign(incident_fracture=2), ["score_true"])
    lost = prognosis(table.assign(age_years=table.age_years.where(table.index > 9)), ["score_true"], draws=20)
    assert lost["left_out"] == 10


def test_rows_without_a_patient_are_each_their_own() -> None:
    table = people(120, seed=5)
    names = [f"p{row}" if row % 2 else [None, float("nan"), "", " "][row // 2 % 4] for row in range(120)]
    some = Followed.of(table.assign(patient=names), ["score_true"])
    assert len(set(some.group)) == 120
    paired = Followed.of(table.assign(patient=[f"p{row // 2}" for row in range(120)]), ["score_true"])
    assert len(set(paired.group)) == 60


def test_copied_rows_of_the_same_patients_do_not_narrow_a_hazard_ratio() -> None:
    table = people(300, seed=6).assign(patient=[f"p{row}" for row in range(300)])
    fivefold = pd.concat([table] * 5, ignore_index=True)
    once, often = (hazard_of(one) for one in (table, fivefold))
    assert often["value"] == pytest.approx(once["value"], rel=0.05)  # tied times cost a little
    assert np.log(often["high"] / often["low"]) == pytest.approx(np.log(once["high"] / once["low"]), rel=0.15)


def hazard_of(table: pd.DataFrame) -> dict:
    followed = Followed.of(table, ["score_true"])
    return hazard_ratio(followed, followed.scores, "score_true")
