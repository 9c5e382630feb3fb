"""Limbs whose copies carry another label are left out; the two limbs of one film are no contradiction."""

from types import SimpleNamespace

import numpy as np
import pytest

from evidence.copies import Copy
from training import limb_course
from training.limbs import Limbs


def limbs(rows: list[tuple[str, str, str]]) -> Limbs:
    """(patient, side, label) a limb."""
    examples = tuple(SimpleNamespace(patient=one, others={"side": side}, label=label) for one, side, label in rows)
    nothing = np.zeros((len(rows), 2, 2), np.uint8)
    return Limbs(examples, np.zeros(len(rows), int), nothing, nothing, tuple(range(len(rows))), {})  # type: ignore[arg-type]


def test_groups_of_film_and_side_never_collide(monkeypatch: pytest.MonkeyPatch) -> None:
    """With hashes for numbers two groups could meet, and which ones changed from run to run."""
    monkeypatch.setattr(limb_course, "hash", lambda _: 0, raising=False)  # the worst that a hash may do
    films = limbs([("a", "R", "normal"), ("a", "L", "osteoporosis"), ("b", "R", "osteopenia"), ("c", "R", "normal"),
                   ("c", "L", "osteopenia"), ("d", "R", "osteoporosis")])  # fmt: skip
    copies = [Copy(0, 1, 1, 1, False), Copy(3, 4, 1, 1, False), Copy(3, 5, 1, 1, False)]
    monkeypatch.setattr(limb_course, "find_copies", lambda *_: copies)
    kept, group, pairs = limb_course.settle_copies(films, lambda *_: None)
    # The right limbs of c and d are one film under two labels.
    assert [(one.patient, one.others["side"]) for one in kept.examples] == [
        ("a", "R"),
        ("a", "L"),
        ("b", "R"),
        ("c", "L"),
    ]
    assert group[0] == group[1]
    assert len(set(group)) == 3
    assert pairs == 3
