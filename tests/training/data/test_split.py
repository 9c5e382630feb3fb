"""The leak test: no patient, and no copy of a film, in two parts of a split."""

import pytest
from hypothesis import given, settings, strategies as st

from training.data.given_split import TEST
from training.data.split import join_groups, one_held_out, split


@st.composite
def cohorts(draw: st.DrawFn) -> tuple[list[str], list[int], list[str | None]]:
    count = draw(st.integers(60, 140))
    content = draw(st.lists(st.integers(0, count - 1), min_size=count, max_size=count))
    patients = draw(st.lists(st.one_of(st.none(), st.integers(0, count).map(str)), min_size=count, max_size=count))
    labels = draw(st.lists(st.sampled_from(["normal", "osteopenia", "osteoporosis"]), min_size=count, max_size=count))
    return labels, content, patients


@given(cohorts(), st.integers(2, 4), st.integers(0, 5))
@settings(max_examples=60, deadline=None)
def test_no_patient_and_no_copy_stands_in_two_parts(
    cohort: tuple[list[str], list[int], list[str | None]], folds: int, seed: int
) -> None:
    labels, content, patients = cohort
    group = join_groups(content, patients)
    try:
        parts = split(labels, group, folds, seed)
    except ValueError as fault:
        assert "distinct films labelled" in str(fault)  # noqa: PT017 - a class too small to split is told, not split
        return
    for key in (content, [patient if patient is not None else f"none {row}" for row, patient in enumerate(patients)]):
        seen: dict[object, str] = {}
        for value, part in zip(key, parts.part, strict=True):
            assert seen.setdefault(value, part) == part
    assert set(parts.part) == {TEST, *map(str, range(folds))}


def test_patients_join_copies_and_copies_join_patients() -> None:
    group = join_groups([0, 0, 1, 2, 3], ["a", None, "a", "b", None])
    assert group[0] == group[1] == group[2]
    assert len({group[0], group[3], group[4]}) == 3


def test_classes_keep_their_shares_in_the_test_part() -> None:
    labels = ["normal"] * 100 + ["osteoporosis"] * 50
    parts = split(labels, list(range(150)), 5, 0)
    test = [labels[row] for row in parts.rows(TEST)]
    assert len(test) == 30
    assert test.count("osteoporosis") == 10


def test_the_same_seed_gives_the_same_split_and_fingerprint() -> None:
    labels = ["normal", "osteoporosis"] * 30
    assert split(labels, list(range(60)), 3, 4).fingerprint == split(labels, list(range(60)), 3, 4).fingerprint
    assert split(labels, list(range(60)), 3, 4).fingerprint != split(labels, list(range(60)), 3, 5).fingerprint


def test_a_class_with_too_few_distinct_films_is_named() -> None:
    with pytest.raises(ValueError, match="found 2 distinct films labelled normal, expected at least 6"):
        split(["normal"] * 9 + ["osteopenia"] * 40, [0] * 5 + [1] * 4 + list(range(2, 42)), 5, 0)


@given(st.lists(st.integers(0, 40).map(str), min_size=2, max_size=120), st.integers(0, 5))
@settings(max_examples=60, deadline=None)
def test_nobody_is_both_learned_from_and_held_out(patients: list[str], seed: int) -> None:
    learns, held = one_held_out(patients, seed)
    assert sorted(learns + held) == list(range(len(patients)))
    assert held
    assert not {patients[row] for row in learns} & {patients[row] for row in held}
