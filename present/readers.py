"""What a person sees of several readers: how a case was settled, and how well they agree."""

from collections.abc import Iterable, Mapping
from typing import Any, Final

from core.titles import capital, part_title, plain

HOW: Final = {
    "single": "one reader",
    "agreed": "readers agree",
    "majority": "most readers agree",
    "adjudicated": "adjudicated",
}
MEASURES: Final = {
    "same": "Answers alike",
    "fleiss": "Fleiss' kappa",
    "cohen": "Cohen's kappa",
    "quadratic": "Quadratic kappa",
    "dice": "Dice",
    "boundary": "Distance of outlines",
    "distance": "Distance of marks",
}
PARTS: Final = {"grades": "Genant grades", "points": "Points"}


def how_title(how: str) -> str:
    return HOW.get(how, plain(how))


def agreement_rows(found: Iterable[Any], titles: Mapping[str, str]) -> list[dict[str, Any]]:
    """A row a figure, for tables. titles: of the recipes."""
    return [
        {
            "Films": titles.get(one.recipe, one.recipe),
            "Of": PARTS.get(one.part) or part_title(one.part),
            "Measure": MEASURES[one.measure] + (f", {one.unit}" if one.unit else ""),
            "Readers": readers_title(one.readers),
            "Figure (95 % interval)": one.figure.text(2),
            "Answers": one.cases,
            "Patients": one.patients,
        }
        for one in found
    ]


def readers_title(readers: tuple[str, ...]) -> str:
    """Two readers by the first digits of their pseudonyms, one who read twice, or all."""
    if not readers:
        return "all"
    one, other = readers
    return f"{one[:6]}, twice" if one == other else f"{one[:6]} and {other[:6]}"


def left_out_sentence(left: Any) -> str:
    """Which answers say nothing of how readers agree; empty where none was left out."""
    said = [
        f"{_answers(left.seen)} given with the model's answer in view" if left.seen else "",
        f"{_answers(left.late)} of readers who were asked because others disagreed" if left.late else "",
        f"{_answers(left.odd)} whose film is missing or of another size" if left.odd else "",
    ]
    named = [one for one in said if one]
    return f"Left out: {', '.join(named)}." if named else ""


def settled_sentence(found: Iterable[Any]) -> str:
    """How many cases are settled and how many are not."""
    by_case: dict[int, list[Any]] = {}
    for one in found:
        by_case.setdefault(one.entry, []).append(one)
    settled = sum(all(one.is_settled for one in sides) for sides in by_case.values())
    differ = [sides for sides in by_case.values() if any(one.differs for one in sides)]
    asked = sum(any(one.asked for one in sides) for sides in differ)
    more = f" ({asked} of them with one more reader)" if asked else ""
    return capital(f"{cases(settled)} settled, {len(differ)} on which readers differ{more}, {len(by_case)} in all.")


def _answers(number: int) -> str:
    return "1 answer" if number == 1 else f"{number} answers"


def cases(number: int) -> str:
    """So many cases, in words."""
    return "1 case" if number == 1 else f"{number} cases"
