"""Copies of films are found by what they show."""

import csv
from pathlib import Path
from threading import Barrier

import cv2
import numpy as np
import pytest

from core.settings import settings
from evidence import copies
from evidence.copies import Copy, contradictions, find_copies, groups, sketch
from tests.evidence.drawn_films import CHANGES, drawn


@pytest.mark.parametrize("change", CHANGES)
def test_a_changed_film_is_known_among_strangers(change: str) -> None:
    films = [drawn(seed) for seed in range(4)]
    films.append(CHANGES[change](films[2]))
    found = find_copies([sketch(film) for film in films])
    assert [(copy.first, copy.second) for copy in found] == [(2, 4)]
    assert found[0].mirrored == (change == "mirrored")


def test_copies_of_copies_share_a_group_and_doubtful_labels_are_named() -> None:
    group = groups(5, [Copy(0, 1, 1, 1, False), Copy(1, 4, 1, 1, False)])
    assert group[0] == group[1] == group[4]
    assert len(set(group)) == 3
    assert contradictions(group, ["a", "a", "a", "b", "b"]) == [0, 1, 4]
    assert contradictions(group, ["a", "a", "x", "y", "a"]) == []
    assert contradictions(group, ["a", None, "x", "y", "a"]) == []


def test_black_films_are_copies_only_of_one_another() -> None:
    black = np.zeros((100, 80), np.float32)
    found = find_copies([sketch(film) for film in (black, drawn(1), black)])
    assert [(copy.first, copy.second) for copy in found] == [(0, 2)]


def test_real_knees_that_stand_twice_under_two_labels_are_found() -> None:
    folder = settings().data / "knee_qus"
    if not folder.is_dir():
        pytest.skip(f"real knee films are not at {folder} (OSTEOLENS_DATA)")
    films = ["N1", "OP13", "N15", "OP73", "OP53", "OS8", "OS9", "N10", "OS1"]
    label = {Path(row["path"]).stem: row["label"] for row in csv.DictReader((folder / "manifest.csv").open())}
    sketches = [
        sketch(cv2.imread(str(folder / "images" / f"{name}.jpg"), cv2.IMREAD_GRAYSCALE).astype(np.float32) / 255)
        for name in films
    ]
    group = groups(len(films), find_copies(sketches))
    assert group[0] == group[1]
    assert group[2] == group[3]
    assert group[4] == group[5] == group[6]
    assert len(set(group)) == 5
    assert contradictions(group, [label[name] for name in films]) == [0, 1, 2, 3, 4, 5, 6]


def test_the_pairs_do_not_depend_on_how_many_threads_compare() -> None:
    films = [drawn(seed) for seed in range(5)]
    films += [CHANGES[change](films[number]) for number, change in enumerate(("half the size", "mirrored", "cropped"))]
    sketches, told = [sketch(film) for film in films], []
    one = find_copies(sketches, workers=1)
    assert [(copy.first, copy.second, copy.mirrored) for copy in one] == [(0, 5, False), (1, 6, True), (2, 7, False)]
    assert find_copies(sketches, lambda done, count: told.append((done, count)), workers=4) == one
    assert told == [(done, 8) for done in range(1, 9)]


def test_films_are_compared_by_several_threads_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    meeting = Barrier(2)

    def compared(first: int, *_: object) -> list[Copy]:
        meeting.wait(timeout=30)  # until another thread compares as well
        return []

    monkeypatch.setattr(copies, "_copies_of", compared)
    assert find_copies([sketch(drawn(seed)) for seed in range(2)], workers=2) == []
