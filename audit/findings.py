"""What an audit found, as sentences: the gravest first."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from audit.copies import Together
from audit.doubts import SHOWN_LEAST, Doubts
from audit.rows import Problem
from audit.shortcuts import PERSON, Shortcut

ERROR, WARNING, NOTE = "error", "warning", "note"
RARE: Final = 0.1  # of the labelled films, below which a class is called rare
# Severity and words for one and for several, by code.
_PROBLEMS: Final = {
    "not_there": (ERROR, "row names a film that is not there", "rows name films that are not there"),
    "no_path": (ERROR, "row names no film", "rows name no film"),
    "bad_value": (ERROR, "value in the table cannot be right", "values in the table cannot be right"),
    "no_manifest": (NOTE, "table in a subfolder names no films", "tables in subfolders name no films"),
    "unreadable": (ERROR, "file cannot be read as a film", "files cannot be read as films"),
}
_TOGETHER: Final = {
    "contradictions": (ERROR, "film stands under two labels", "films stand under two labels"),
    "copies_in_two_parts": (
        ERROR,
        "film has copies in two parts of the split",
        "films have copies in two parts of the split",
    ),
    "patients_in_two_parts": (
        ERROR,
        "patient has films in two parts of the split",
        "patients have films in two parts of the split",
    ),
    "copies_of_two_patients": (
        ERROR,
        "film is said to be of more than one patient",
        "films are said to be of more than one patient",
    ),
    "rows_twice": (
        WARNING,
        "film stands in several rows for the same side",
        "films stand in several rows for the same side",
    ),
}
_COPIES: Final = {
    "same_file": (WARNING, "film is the same file as another", "films are the same file as another"),
    "same_pixels": (
        WARNING,
        "film has the same pixels as another, in another file",
        "films have the same pixels as another, in another file",
    ),
    "alike": (
        WARNING,
        "pair of films shows the same: resaved, resized, cropped, mirrored, or with other contrast",
        "pairs of films show the same: resaved, resized, cropped, mirrored, or with other contrast",
    ),
}
Words = Mapping[str, tuple[str, str, str]]


@dataclass(frozen=True)
class Finding:
    """code: stable. severity: `error` for what spoils a measurement, `warning` for what is to be looked at, `note` for
    what is good to know."""

    code: str
    severity: str
    count: int
    sentence: str


def findings(
    lacking: Mapping[str, str],
    problems: Sequence[Problem],
    kinds: Mapping[str, int],
    together: Mapping[str, Sequence[Together]],
    tricks: Sequence[Shortcut],
    labels: Mapping[str, int],
    doubts: Doubts | None,
) -> list[Finding]:
    """lacking: columns that nothing fills, with what hangs on them. kinds: pairs of copies by kind. together: rows by
    what is wrong with them. labels: rows by class."""
    codes = Counter(one.code if one.code in _PROBLEMS else "unreadable" for one in problems)
    found = [
        *_counted(codes, _PROBLEMS),
        *_counted({code: len(some) for code, some in together.items()}, _TOGETHER),
        *_counted(kinds, _COPIES),
        *_shortcuts(tricks),
        *_labels(labels),
    ]
    strong = [] if doubts is None else [one for one in doubts.found if one.probability >= SHOWN_LEAST]
    if doubts is not None and strong:
        asked = f"{' and '.join(doubts.models)} contradicts {len(strong)} of {doubts.asked} labels"
        found.append(Finding("label_doubts", WARNING, len(strong), f"{asked}; look at the most doubtful first"))
    for column, why in lacking.items():
        found.append(Finding(f"no_{column}", NOTE, 1, f"The column {column} is empty, so {why} could not be checked"))
    return sorted(found, key=lambda one: (ERROR, WARNING, NOTE).index(one.severity))


def _counted(counts: Mapping[str, int], words: Words) -> list[Finding]:
    return [
        Finding(code, severity, counts[code], f"{counts[code]} {one if counts[code] == 1 else several}")
        for code, (severity, one, several) in words.items()
        if counts.get(code)
    ]


def _shortcuts(tricks: Sequence[Shortcut]) -> list[Finding]:
    """One a family: the answer that it tells best."""
    best: dict[str, Shortcut] = {}
    for one in tricks:
        if one.strong:
            best.setdefault(one.name, one)
    found = []
    for one in best.values():
        name = f"{one.name[:1].upper()}{one.name[1:]}"
        tells = f"{name} alone can tell {one.answer} from the rest, AUROC {one.auc.text(2)}"
        if one.about == PERSON:
            found.append(Finding("shortcut", WARNING, 1, f"{tells}; report what a model adds to that"))
        else:
            found.append(Finding("shortcut", ERROR, 1, f"{tells}, without any bone; above all by {one.leading}"))
    return found


def _labels(labels: Mapping[str, int]) -> list[Finding]:
    total = sum(labels.values())
    rare = [f"{name} ({count} of {total})" for name, count in labels.items() if count < RARE * total]
    if len(labels) == 1:
        return [Finding("one_class", ERROR, 1, f"Every label is {next(iter(labels))}: nothing can be told apart")]
    return [Finding("rare_class", WARNING, len(rare), f"Few films are {' or '.join(rare)}")] if rare else []
