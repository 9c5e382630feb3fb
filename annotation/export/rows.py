"""What goes into a training set, row by row, and what stays out of it, by reason."""

from collections import Counter
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import Any, Final

from annotation.answers import BOTH, NEITHER, to_pixels
from annotation.films import Facts, facts_of, kept_path
from annotation.ledger import Ledger, WorklistEntry
from annotation.ledger.payload import CLASS
from annotation.policy import CONTROL
from annotation.question import Question
from annotation.question.names import GRADE, NO, YES
from annotation.readers import Settled
from annotation.readers.drawn import Drawn, bit_mask
from annotation.readers.settled import ADJUDICATED
from core.case import LabeledCase
from core.labels import FRACTURE
from core.mask import BitMask

DISAGREE: Final = "readers disagree and nobody has decided"
CANNOT: Final = "experts say that it cannot be judged"
UNANSWERED: Final = "nobody has answered yet"
FILM_GONE: Final = "the film is no longer kept"
OF_TESTED: Final = "another film of the patient is kept for a test"
TRAIN, TEST = "train", "test"
CONTROL_ARM, CHOSEN = "control", "chosen"
POINTS: Final = "points"  # the part that all landmarks of a film are
_COLUMN: Final = {FRACTURE: "fracture"}  # what a manifest calls the answer to a question


@dataclass(frozen=True, eq=False)
class Row:
    """One film, or one side of it, whose truth is settled.

    answer: what is settled of it. findings: answers of yes or no, and grades, by name. blind: whether every reader
    answered without the model's answer; None where that is not known. split: `train`, or `test` for the control arm.
    """

    truth: Settled
    answer: LabeledCase
    findings: Mapping[str, str]
    film: Facts
    entry: WorklistEntry
    blind: bool | None
    split: str = TRAIN

    @property
    def case_id(self) -> str:
        return self.film.case_id

    @property
    def side(self) -> str | None:
        """Of the limb that was judged; where the film was judged as one, of the film."""
        return self.answer.side or (self.film.side if self.film.side != "both" else None)

    @property
    def is_control(self) -> bool:
        """Whether it was drawn at random and answered blind, so that it may test a model fairly."""
        return CONTROL in self.entry.reasons and self.blind is not False

    @property
    def readers(self) -> tuple[str, ...]:
        """Pseudonyms of those it rests on, the adjudicator's last."""
        return tuple(dict.fromkeys(filter(None, (*self.truth.readers, self.truth.adjudicator))))

    @cached_property
    def masks(self) -> dict[str, BitMask]:
        """By region, of the film's size; a region that is not named is unknown. Raises ValueError for one that was
        painted on a film of another size."""
        size = (self.film.width, self.film.height)
        drawn = {region: Drawn.by(self.answer, region) for region in {**self.answer.masks, **self.answer.outlines}}
        return {region: bit_mask(one, size) for region, one in drawn.items() if one is not None}

    @property
    def landmarks(self) -> dict[str, list[float]]:
        """In pixels, the middle of the first one at 0, as manifests count."""
        size = (self.film.width, self.film.height)
        places = {name: to_pixels((point,), *size)[0] for name, point in self.answer.points.items()}
        return {name: [round(x - 0.5, 2), round(y - 0.5, 2)] for name, (x, y) in places.items()}

    @property
    def answers(self) -> dict[str, int]:
        """Answers of yes or no as 1 or 0, and grades, by column."""
        return {
            _COLUMN.get(name, name): int(value) if _is_grade(name) else int(value == YES)
            for name, value in self.findings.items()
        }

    @property
    def how(self) -> dict[str, str]:
        """How each part was settled; the landmarks as one."""
        points = dict.fromkeys(how for part, how in self.truth.how.items() if part in self.answer.points)
        parts = {part: str(how) for part, how in self.truth.how.items() if part not in self.answer.points}
        return parts | ({POINTS: ", ".join(points)} if points else {})

    @property
    def facts(self) -> dict[str, Any]:
        """Whose film it is, how it was taken, what class it has, and how that came about, by column."""
        film = self.film
        height, width = film.spacing_mm or (None, None)
        return {
            "case_id": film.case_id,
            "patient": film.patient,
            "label": None if self.findings else self.answer.label,
            "side": self.side,
            "split": self.split,
            "arm": CONTROL_ARM if self.is_control else CHOSEN,
            "age_years": film.age_years,
            "sex": film.sex,
            "bmi": film.bmi,
            "site": film.site,
            "view": film.view,
            "spacing_row_mm": height,
            "spacing_column_mm": width,
            "spacing_origin": film.spacing_origin,
            "recipe": self.answer.recipe,
            "certainty": self.answer.certainty,
            "blind": self.blind,
            "answered_at": self.answer.answered_at.isoformat(timespec="seconds"),
            **{f"settled_{part}": how for part, how in sorted(self.how.items())},
        }


def gather(
    truths: Sequence[Settled],
    ledger: Ledger,
    home: Path,
    question: Question,
    taught: Collection[str],
    control_tests: bool,
) -> tuple[list[Row], Counter[str]]:
    """The rows of a training set, and how many cases or sides stay out, by reason.

    truths: of one recipe. taught: case ids and patients' pseudonyms that bundles at hand have learned from: they can
    test nothing any more. control_tests: whether the control arm is kept for a test. Then no other film of its patients
    teaches.
    """
    left_out: Counter[str] = Counter()
    known = frozenset(taught)
    rows = list(_rows(truths, ledger, home, question, left_out))
    if control_tests:
        rows = [
            replace(row, split=TEST) if row.is_control and not known & {row.case_id, row.film.patient} else row
            for row in rows
        ]
    tested = {row.film.patient for row in rows if row.split == TEST}
    kept = [row for row in rows if row.split == TEST or row.film.patient not in tested]
    if len(kept) < len(rows):
        left_out[OF_TESTED] += len(rows) - len(kept)
    return kept, left_out


def _rows(
    truths: Sequence[Settled], ledger: Ledger, home: Path, question: Question, left_out: Counter[str]
) -> Iterator[Row]:
    entries = {entry.id: entry for entry in ledger.entries()}
    blind: dict[tuple[int, str | None], list[bool | None]] = {}
    for one in ledger.taken():
        blind.setdefault((one.entry, one.answer.side), []).append(one.blind)
    for truth in truths:
        why = _why_not(truth, question)
        if why is None and not kept_path(home, truth.case_id).exists():
            why = FILM_GONE
        if why is not None or truth.answer is None:
            left_out[why or UNANSWERED] += 1
            continue
        yield Row(
            truth,
            truth.answer,
            _findings(truth, truth.answer, question),
            facts_of(home, truth.case_id),
            entries[truth.entry],
            _all_blind(blind.get((truth.entry, truth.side), ())),
        )


def _why_not(truth: Settled, question: Question) -> str | None:
    """Why a side teaches nothing: what it is asked first, its class or findings, is open or cannot be judged."""
    asked = set(question.findings or (CLASS,))
    if truth.answer is None or not truth.how.keys() & {*asked, CLASS}:
        return DISAGREE if truth.differs.keys() & asked else _plain(truth.waits)
    judged = _findings(truth, truth.answer, question) if question.findings else truth.answer.label
    if not judged:
        return DISAGREE if truth.differs.keys() & asked else CANNOT
    return None


def _plain(sentence: str | None) -> str:
    """A sentence within another one."""
    return sentence[0].lower() + sentence[1:].rstrip(".") if sentence else UNANSWERED


def _findings(truth: Settled, answer: LabeledCase, question: Question) -> dict[str, str]:
    """Each finding that is settled; where a person decided on the class that joins them, what that says of each."""
    if not question.findings:
        return {}
    found = {name: value for name, value in answer.findings.items() if name not in question.findings}
    there = {NEITHER: (), BOTH: question.findings, **{name: (name,) for name in question.findings}}
    joined = there.get(answer.label or "") if truth.how.get(CLASS) == ADJUDICATED else None
    for name in question.findings:
        if name in answer.findings:
            found[name] = answer.findings[name]
        elif joined is not None:
            found[name] = YES if name in joined else NO
    return found


def _is_grade(name: str) -> bool:
    return name.startswith(f"{GRADE}_")


def _all_blind(said: Sequence[bool | None]) -> bool | None:
    return False if False in said else None if None in said or not said else True
