"""Which cases go to experts within a budget: properties of the choice."""

import numpy as np
import pytest
from hypothesis import given, settings, strategies as st

from annotation.policy import CONTROL, POLICIES, Offer, choose, draw, farthest_first, nearest

KEY = b"k" * 32


def an_offer(number: int, priority: float = 0.0, at: tuple[float, float] | None = None, **changes: object) -> Offer:
    embedding = None if at is None else np.array([at])
    return Offer(f"{number:024x}", "hip_vit", priority, embedding=embedding, name=f"{number}.dcm", **changes)  # type: ignore[arg-type]


def on_a_circle(count: int, seed: int = 0) -> list[Offer]:
    random = np.random.default_rng(seed)
    angles = random.uniform(0, np.pi / 2, count)
    scores = random.random(count)
    return [an_offer(i, scores[i], (np.cos(a), np.sin(a))) for i, a in enumerate(angles)]


@given(st.integers(0, 40), st.integers(1, 30), st.sampled_from(POLICIES), st.floats(0, 1), st.integers(0, 5))
@settings(max_examples=60, deadline=None)
def test_every_choice_keeps_to_the_budget_and_takes_no_case_twice(count, budget, policy, control, seed) -> None:  # type: ignore[no-untyped-def]
    offers = on_a_circle(count, seed)
    selection = choose(offers, budget, policy, control, KEY)
    keys = [one.offer.key for one in selection.choices]
    assert len(keys) == len(set(keys)) == min(budget, count)
    assert all(one.reasons for one in selection.choices)
    assert selection.rest == count - len(keys)
    assert selection == selection
    again = choose(offers[::-1], budget, policy, control, KEY)
    assert {one.offer.key for one in again.choices if one.blind} == {o.offer.key for o in selection.choices if o.blind}


def test_the_hardest_come_first() -> None:
    offers = on_a_circle(30)
    chosen = {one.offer.key for one in choose(offers, 5, "hard", 0, KEY).choices}
    assert chosen == {one.key for one in sorted(offers, key=lambda one: -one.priority)[:5]}


def test_diverse_covers_every_cluster_where_hard_stays_in_one() -> None:
    """Three kinds of films, the hardest all of one kind."""
    middles = [(1.0, 0.0), (0.7, 0.7), (0.0, 1.0)]
    offers = [
        an_offer(10 * kind + i, 0.9 - 0.4 * kind + 0.001 * i, (x + 0.001 * i, y)) for kind, (x, y) in enumerate(middles)
        for i in range(10)
    ]  # fmt: skip

    def kinds(policy: str) -> set[int]:
        return {int(one.offer.case_id, 16) // 10 for one in choose(offers, 3, policy, 0, KEY).choices}  # type: ignore[arg-type]

    assert kinds("diverse") == {0, 1, 2}
    assert kinds("hard") == {0}


def test_mixed_spreads_out_among_the_hardest_alone() -> None:
    offers = on_a_circle(100)
    hardest = {one.key for one in sorted(offers, key=lambda one: -one.priority)[:30]}
    mixed = choose(offers, 10, "mixed", 0, KEY).choices
    assert {one.offer.key for one in mixed} <= hardest
    assert {one.offer.key for one in mixed} != {one.offer.key for one in choose(offers, 10, "hard", 0, KEY).choices}


@pytest.mark.parametrize("policy", POLICIES)
def test_the_control_arm_is_the_lowest_draws_whatever_the_policy_or_the_priorities(policy) -> None:  # type: ignore[no-untyped-def]
    offers = on_a_circle(200)
    lowest = sorted(offers, key=lambda one: draw(one.case_id, one.recipe, KEY))[:4]
    harder = [an_offer(i, 1 - one.priority, (0.0, 1.0)) for i, one in enumerate(offers)]
    for cases in (offers, harder):
        arm = [one.offer.key for one in choose(cases, 40, policy, 0.1, KEY).choices if CONTROL in one.reasons]
        assert arm == [one.key for one in lowest]


def test_the_control_arm_s_error_rate_is_that_of_all_cases_on_average() -> None:
    """Hard cases are wrong more often; over many keys the arm is wrong as often as all are."""
    offers = on_a_circle(120)
    truth = np.mean([one.priority for one in offers])
    rates = []
    for number in range(200):
        chosen = choose(offers, 24, "hard", 0.5, number.to_bytes(32, "big")).choices
        rates.append(np.mean([one.offer.priority for one in chosen if one.blind]))
    assert np.mean(rates) == pytest.approx(truth, abs=4 * np.std(rates) / np.sqrt(200))
    assert np.mean([one.offer.priority for one in choose(offers, 24, "hard", 0, KEY).choices]) > truth + 0.2


def test_a_listed_case_is_not_chosen_again_but_may_be_drawn_for_control() -> None:
    offers = on_a_circle(50)
    first = choose(offers, 20, "hard", 0.0, KEY).choices
    known = [Offer(one.offer.case_id, one.offer.recipe, reasons=one.reasons) for one in first]
    second = choose(offers, 20, "hard", 0.5, KEY, known)
    lowest = {one.key for one in sorted(offers, key=lambda one: draw(one.case_id, one.recipe, KEY))[:10]}
    assert {one.offer.key for one in second.choices if one.blind} == lowest
    assert any(one.listed for one in second.choices)
    assert all(one.blind for one in second.choices if one.listed)
    third = choose(offers, 20, "hard", 0.5, KEY, [Offer(*one.offer.key, reasons=one.reasons) for one in second.choices])
    assert not {one.offer.key for one in third.choices if one.blind} & lowest


def test_a_copy_of_a_chosen_or_of_a_listed_case_stays_out_and_is_named() -> None:
    original, copy, other = an_offer(1, 0.9, (1, 0)), an_offer(2, 0.8, (1, 0.001)), an_offer(3, 0.1, (0, 1))
    asked = []

    def alike(one: Offer, two: Offer) -> bool:
        asked.append((one.name, two.name))
        return {one.case_id, two.case_id} == {original.case_id, copy.case_id}

    selection = choose([original, copy, other], 3, "hard", 0, KEY, alike=alike)
    assert [one.offer for one in selection.choices] == [original, other]
    assert selection.copies == ((copy, original),)
    assert choose([copy], 3, "diverse", 0, KEY, [original], alike).choices == ()


def test_films_that_lie_far_apart_are_not_compared_by_content() -> None:
    offers = [an_offer(1, 0.9, (1, 0)), an_offer(2, 0.8, (0, 1))]

    def never(one: Offer, other: Offer) -> bool:
        raise AssertionError("films of another kind were compared")

    assert len(choose(offers, 2, "hard", 0, KEY, alike=never).choices) == 2


def test_cases_without_embedding_are_chosen_too() -> None:
    for policy in POLICIES:
        assert len(choose([an_offer(i, 0.5) for i in range(5)], 3, policy, 0.1, KEY).choices) == 3


@pytest.mark.parametrize(("budget", "policy", "control"), [(0, "hard", 0.1), (5, "hard", 1.5), (5, "odd", 0.1)])
def test_a_choice_that_cannot_be_is_refused_in_a_sentence(budget, policy, control) -> None:  # type: ignore[no-untyped-def]
    with pytest.raises(ValueError, match="expected"):
        choose([], budget, policy, control, KEY)


def test_farthest_first_halves_the_largest_gap() -> None:
    angles = np.linspace(0, np.pi / 2, 9)
    order = list(farthest_first([np.array([[np.cos(a), np.sin(a)]]) for a in angles], []))
    assert order[:3] == [0, 8, 4]
    assert sorted(order) == list(range(9))


def test_a_pelvis_is_covered_once_both_hips_are() -> None:
    pelvis, single = np.array([[1.0, 0.0], [0.0, 1.0]]), np.array([[1.0, 0.0]])
    order = farthest_first([single, pelvis], [single])
    assert next(order) == 1


def test_the_nearest_are_told_by_any_limb() -> None:
    limbs = [np.array([[0.0, 1.0]]), np.array([[0.5, 0.5], [1.0, 0.0]]), np.array([[0.7, 0.3]])]
    assert nearest(np.array([[1.0, 0.0]]), limbs, 2) == [1, 2]
