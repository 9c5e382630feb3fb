"""Of many films, only those that share rare words are compared: copies are among them, strangers mostly are not."""

import numpy as np
import pytest

from evidence import copies
from evidence.copies import Sketch, find_copies, sketch
from evidence.copy_index import CopyIndex, pairs_to_compare
from tests.evidence.drawn_films import CHANGES, drawn


def test_copies_are_found_by_the_index_as_by_all_pairs(monkeypatch: pytest.MonkeyPatch) -> None:
    films = [drawn(seed) for seed in range(8)]
    films += [change(films[number]) for number, change in enumerate(CHANGES.values())]
    sketches = [sketch(film) for film in films]
    every = find_copies(sketches)
    monkeypatch.setattr(copies, "ALL_PAIRS", 0)
    assert find_copies(sketches) == every
    assert [(copy.first, copy.second) for copy in every] == [(number, 8 + number) for number in range(len(CHANGES))]


def test_each_film_is_compared_with_a_few_alone() -> None:
    sketches = [sketch(drawn(seed)) for seed in range(16)]
    told: list[tuple[int, int]] = []
    pairs = pairs_to_compare(
        16,
        lambda film: Sketch.both(sketches[film].descriptors),
        near=1,
        tell=lambda *done: told.append(done),
    )
    assert all(0 <= first < second < 16 for first, second in pairs)
    assert len(pairs) <= 2 * 16
    assert told[-1] == (32, 32)


def test_a_film_without_keypoints_has_no_words_and_asks_for_no_comparison() -> None:
    nothing = np.zeros((0, 128), np.float32)
    one = sketch(drawn(1)).descriptors
    films = [one, nothing, one[:, :]]
    assert pairs_to_compare(3, lambda film: (films[film], films[film])) in ([(0, 2)], [])
    assert CopyIndex(one).words(nothing).shape == (0,)
    assert pairs_to_compare(1, lambda film: (one, one)) == []
    assert pairs_to_compare(2, lambda film: (nothing, nothing)) == []


def test_a_film_mirrored_has_its_keypoints_at_hand() -> None:
    one = sketch(drawn(3))
    again = sketch(one.image[:, ::-1] / np.float32(255))
    near = (2 - 2 * one.mirrored.descriptors @ again.descriptors.T).argmin(1)
    apart = np.hypot(*(one.mirrored.points - again.points[near]).T)
    assert (apart < 2).mean() > 0.8
    assert np.abs(one.mirrored.image - again.image).max() < 1e-3
