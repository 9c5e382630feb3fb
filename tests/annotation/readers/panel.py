"""Cases that several made-up readers answered, in a real ledger: for tests of what becomes of their answers."""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from io import BytesIO
from pathlib import Path

import numpy as np
from PIL import Image

from annotation.films import keep_film
from annotation.ledger import Ledger, State, Task
from core.case import LabeledCase
from core.mask import BitMask

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)
SIZE = (120, 90)  # width, height of every film


def said(label: str | None = "normal", side: str | None = "R", **more) -> dict:
    return {"label": label, "side": side, **more}


def square(x: int, y: int, edge: int) -> BitMask:
    mask = np.zeros(SIZE[::-1], bool)
    mask[y : y + edge, x : x + edge] = True
    return BitMask.of(mask)


class Panel:
    """A ledger under a home, with a project a reader: reader 1 answers in project 1, and so on."""

    def __init__(self, home: Path, recipe: str = "hip_vit") -> None:
        self.home, self.recipe = home, recipe
        self.ledger = Ledger(f"sqlite:///{home / 'ledger.sqlite'}")
        self._annotation, self._minute = 0, 0

    def case(
        self, number: int, *readers: Sequence[dict], asked: int | None = None, blind: bool = True, **row: object
    ) -> int:
        """A case pushed to readers, of whom the first few answered. asked: how many, where more than answered."""
        case_id = f"{number:024x}"
        picture = BytesIO()
        Image.new("L", SIZE, 90).save(picture, "PNG")
        keep_film(self.home, case_id, picture.getvalue())
        for side in ("R", "L"):
            self.ledger.enter(case_id, self.recipe, ["requested"], {"side": side, **row}, NOON)
        entry = self.ledger.entry(case_id, self.recipe)
        assert entry is not None
        self.ledger.claim(entry.id, "push")
        several = max(asked or 0, len(readers), 1)
        tasks = [
            Task(entry.id, place, 100 * number + place, place if several > 1 else None, blind)
            for place in range(1, several + 1)
        ]
        self.ledger.pushed_all({entry.id: tasks}, "push")
        for place, answers in enumerate(readers, start=1):
            self.answer(entry.id, place, answers)
        return entry.id

    def answer(self, entry: int, reader: int, answers: Sequence[Mapping], annotator: str | None = None) -> None:
        """What one reader says of a case, as a pull takes it in."""
        case = self.ledger.entry_numbered(entry)
        assert case is not None
        self._annotation += 1
        self._minute += 1
        at = NOON + timedelta(minutes=self._minute)
        who = annotator or f"reader-{reader}"
        given = [LabeledCase(case.case_id, annotator=who, answered_at=at, recipe=case.recipe, **one) for one in answers]
        self.ledger.take(entry, reader, self._annotation, given)

    def third(self, entry: int, answers: Sequence[Mapping] | None = None, readers: int = 3) -> None:
        """One more reader is sent for, and answers where there are answers."""
        assert self.ledger.ask_more(entry, readers, settling=True)
        if answers is not None:
            assert self.ledger.entry_numbered(entry).state == State.WAITING  # type: ignore[union-attr]
            self.ledger.claim(entry, "push")
            case = self.ledger.tasks_of_case(entry)
            self.ledger.pushed_all({entry: [*case, Task(entry, readers, 9000 + entry, readers)]}, "push")
            self.answer(entry, readers, answers)
