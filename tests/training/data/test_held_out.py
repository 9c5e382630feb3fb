"""Who teaches and who is held out: copies that contradict each other, groups, and splits that a manifest gives."""

from pathlib import Path

import pytest

from core.clinical import Clinical
from core.example import Example, ManifestError
from evidence.copies import Copy
from tasks.samples import Samples
from training.data import held_out
from training.data.given_split import TEST, TRAIN, VALIDATION
from training.data.held_out import settle_copies, split_of


def example(patient: str, side: str = "R", label: str = "normal", split: str | None = None) -> Example:
    return Example(Path(f"{patient}.png"), label, patient, Clinical(), split, {"side": side})


def silent(*_: object) -> None:
    """Nobody watches."""


def label_of(one: Example) -> str:
    return str(one.label)


def test_limbs_whose_copies_carry_another_label_are_left_out_and_sides_are_no_contradiction(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    rows = [("a", "R", "normal"), ("a", "L", "osteoporosis"), ("b", "R", "osteopenia"), ("c", "R", "normal"),
            ("c", "L", "osteopenia"), ("d", "R", "osteoporosis")]  # fmt: skip
    samples = Samples(tuple(example(*row) for row in rows), {}, sketches=tuple(range(6)))  # type: ignore[arg-type]
    copies = [Copy(0, 1, 1, 1, False), Copy(3, 4, 1, 1, False), Copy(3, 5, 1, 1, False)]
    monkeypatch.setattr(held_out, "find_copies", lambda *_: copies)
    settled = settle_copies(samples, label_of, silent)
    # The right limbs of c and d are one film under two labels.
    assert [(one.patient, one.others["side"]) for one in settled.samples.examples] == [
        ("a", "R"),
        ("a", "L"),
        ("b", "R"),
        ("c", "L"),
    ]
    assert settled.group[0] == settled.group[1]
    assert len(set(settled.group)) == 3
    assert (settled.copies, settled.left_out) == (3, 2)


def test_films_that_were_not_sketched_are_grouped_by_film_and_patient() -> None:
    rows = (example("a", "R"), example("a", "L"), example("b"))
    settled = settle_copies(Samples(rows, {}), label_of, silent)
    assert settled.group[0] == settled.group[1] != settled.group[2]


def test_a_fifth_of_the_groups_is_held_out_where_no_split_is_given() -> None:
    rows = [example(f"p{number}") for number in range(20)]
    parts = split_of(rows, range(20), 0)
    assert parts.count(VALIDATION) == 4
    assert parts == split_of(rows, range(20), 0)
    assert TEST not in parts


def test_a_given_split_is_honoured() -> None:
    said = ["train", "Training", "val", "calibration", "test", "external"]
    parts = split_of([example(f"p{number}", split=one) for number, one in enumerate(said)], range(6), 0)
    assert parts == [TRAIN, TRAIN, VALIDATION, VALIDATION, TEST, TEST]


def test_a_given_split_without_validation_takes_it_from_training_alone() -> None:
    said = ["train"] * 10 + ["test"] * 5
    parts = split_of([example(f"p{number}", split=one) for number, one in enumerate(said)], range(15), 0)
    assert parts[:10].count(VALIDATION) == 2
    assert parts[10:] == [TEST] * 5


@pytest.mark.parametrize(
    ("said", "sentence"),
    [
        (["train", "somewhere"], "the column split says somewhere in some rows, expected train, validation or test"),
        (["train", None], "the column split says nothing in some rows"),
    ],
)
def test_a_split_that_says_something_else_is_refused(said: list[str | None], sentence: str) -> None:
    with pytest.raises(ManifestError, match=sentence):
        split_of([example(f"p{number}", split=one) for number, one in enumerate(said)], range(2), 0)


def test_a_patient_or_a_copy_in_two_parts_is_refused() -> None:
    rows = [example("a", split="train"), example("b", split="test"), example("c", split="train")]
    with pytest.raises(ManifestError, match="puts 1 patients, or copies of one film, into two parts"):
        split_of(rows, [0, 0, 1], 0)
