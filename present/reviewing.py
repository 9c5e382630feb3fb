"""What a person sees of a case that several readers answered: their answers side by side, and its history."""

from collections.abc import Mapping, Sequence
from html import escape
from typing import Any, Final

from core.titles import capital, class_title, lower_first, part_title, score_title, within
from present.readers import how_title
from present.wording import percent

Look = tuple[str, Sequence[float]]  # a colour and a dash
KINDS: Final = {"differs": "Differ", "doubt": "Doubts", "all": "All"}
JUDGED_NOT: Final = "cannot be judged"
_GRADE: Final = "genant_"
_SIDES: Final = {"R": "Right", "L": "Left"}
_EVENTS: Final = {"read": "read it", "answered": "answered", "withdrawn": "withdrew", "decided": "decided"}
_LABELS: Final = {"neither": "Neither", "both": "Both"}

REVIEW_STYLE: Final = """<style>
.readers { width: 100%; border-collapse: collapse; font-size: 0.93rem; table-layout: fixed; }
.readers th { text-align: left; font-weight: 600; padding: 4px 8px 6px 0; vertical-align: bottom; }
.readers th small { display: block; font-weight: 400; color: #93a1ad; }
.readers th i { display: inline-block; width: 18px; height: 0; border-top: 3px solid; margin-right: 6px;
  vertical-align: 4px; }
.readers td { padding: 5px 8px 5px 0; border-top: 1px solid #2b343d; vertical-align: top; overflow-wrap: anywhere; }
.readers td:first-child, .readers th:first-child { color: #93a1ad; width: 23%; }
.readers tr.differs td { background: rgb(230 159 0 / 0.13); }
.readers tr.differs td:first-child { box-shadow: inset 3px 0 #e69f00; padding-left: 8px; color: #dbe2e8; }
.st-key-cases [role="radiogroup"] label { padding: 3px 0; }
</style>"""


def side_title(side: str | None, site: str) -> str:
    """A side as a heading: `Right hip`; the film where it is judged as one."""
    return f"{_SIDES[side]} {site}" if side in _SIDES else "Film"


def answer_title(label: str | None) -> str:
    """A class, or that it cannot be judged."""
    return capital(JUDGED_NOT) if label is None else _LABELS.get(label) or class_title(label)


def listed_title(one: Any) -> str:
    """A case in a list, by the first digits of its name."""
    return f"{one.case_id[:8]} · {one.recipe}"


def listed_caption(one: Any) -> str:
    """Why a case stands where it stands, in a few words."""
    parts = [part for side in one.sides for part in side.differs]
    if parts:
        named = list(dict.fromkeys(part_title(part) for part in parts))
        said = f"differ: {lower_first(named[0])}" + (f" and {len(parts) - 1} more" if len(parts) > 1 else "")
        return said + (", one more reader is asked" if any(side.asked for side in one.sides) else "")
    if one.doubts:
        doubt = one.doubts[0]
        said, instead = (lower_first(_said(doubt.part, one)) for one in (doubt.said, doubt.instead))
        return f"said {said}, the model {instead}"
    waits = next((side.waits for side in one.sides if side.waits), None)
    if waits:
        return lower_first(waits)
    hows = dict.fromkeys(how_title(how) for side in one.sides for how in side.how.values())
    return "adjudicated" if "adjudicated" in hows else ", ".join(hows)


def _said(part: str, value: str) -> str:
    return class_title(value) if part == "class" else f"{score_title(part)}: {value}"


def truth_sentence(truth: Any) -> str:
    """What is settled of a side, and what is not."""
    if truth.has_class and truth.answer is not None:
        said = f"{answer_title(truth.answer.label)} ({how_title(truth.how['class'])})."
        drawn = [part_title(part) for part in truth.how if part in truth.answer.masks or part in truth.answer.outlines]
        said += f" Outlines: {', '.join(map(within, drawn))}." if drawn else ""
    else:
        said = "No class is settled."
    return f"{said} {truth.why_not}" if truth.why_not else said


def settled_title(sides: Sequence[Any]) -> str:
    """What is settled of a case, on one line, with how; empty where nobody answered."""
    said = []
    for one in sides:
        if not (one.readers or one.how):
            continue
        where = f"{one.side}: " if one.side else ""
        if one.has_class and one.answer is not None:
            said.append(f"{where}{answer_title(one.answer.label)}, {how_title(one.how['class'])}")
        else:
            said.append(f"{where}{'readers differ' if one.differs else 'one reader has answered'}")
    return "; ".join(said)


def answers_html(
    columns: Sequence[tuple[str, str, tuple[str, Sequence[float]], Any]],
    differs: Mapping[str, str],
    likely: Mapping[str, float],
) -> str:
    """The answers side by side. columns: title, second line, look and answer of each. differs: the parts on which they
    do, which are marked. likely: the model's probabilities; its answer stands last."""
    rows: list[tuple[str, list[str], bool]] = []
    answers = [answer for _, _, _, answer in columns]
    findings = list(dict.fromkeys(name for one in answers for name in one.findings if not name.startswith(_GRADE)))
    if findings:
        for name in findings:
            said = [one.findings.get(name, JUDGED_NOT if one.annotator else "") for one in answers]
            said[-1] += f", {percent(likely[name])} likely" if name in likely else ""
            rows.append((score_title(name), said, name in differs))
    else:
        said = [answer_title(one.label) for one in answers]
        said[-1] += f", {percent(likely[answers[-1].label])}" if answers[-1].label in likely else ""
        rows.append(("Class", said, "class" in differs))
    rows.append(("Sure", [one.certainty or "" for one in answers], False))
    rows.append(("Reason", [", ".join(one.reasons) for one in answers], False))
    rows.append(("Remark", [one.remark or "" for one in answers], False))
    grades = [
        ", ".join(f"{k.removeprefix(_GRADE)} {v}" for k, v in one.findings.items() if k.startswith(_GRADE))
        for one in answers
    ]
    rows.append(("Genant grades", grades, any(part.startswith(_GRADE) for part in differs)))
    regions = [dict.fromkeys([*one.masks, *one.outlines]) for one in answers]
    unlike = [part for part in dict.fromkeys(name for one in regions for name in one) if part in differs]
    few = ", ".join(within(part_title(part)) for part in unlike) if len(unlike) < 3 else f"{len(unlike)} differ"
    named = f"Outlines ({few})" if unlike else "Outlines"
    rows.append((named, [_counted(len(one), "region") for one in regions], bool(unlike)))
    points = sum(part in differs for part in dict.fromkeys(name for one in answers for name in one.points))
    named = f"Points ({points} differ)" if points else "Points"
    rows.append((named, [_counted(len(one.points), "point") for one in answers], bool(points)))
    head = "".join(
        f'<th><i style="border-top-color:{colour};border-top-style:{"dashed" if dashed else "solid"}"></i>'
        f"{escape(title)}<small>{escape(below)}</small></th>"
        for title, below, (colour, dashed), _ in columns
    )
    body = "".join(
        f"<tr{' class=differs' if marked else ''}><td>{escape(name)}</td>"
        + "".join(f"<td>{escape(capital(one))}</td>" for one in said)
        + "</tr>"
        for name, said, marked in rows
        if any(said)
    )
    return f'<table class="readers"><tr><th></th>{head}</tr>{body}</table>'


def _counted(number: int, what: str) -> str:
    return f"{number} {what}{'s' * (number > 1)}" if number else ""


def event_row(event: Any, letters: Mapping[str, str], site: str) -> dict[str, Any]:
    """One line of a case's history, for a table. letters: of readers, by pseudonym."""
    letter = letters.get(event.who)
    who = f"Reader {letter} ({event.who[:6]})" if letter else event.who[:24]
    said = ""
    if event.answer is not None and event.kind != "withdrawn":
        said = answer_title(event.answer.label) if event.part in ("", "class") or "class" in event.part else ""
        if event.kind == "decided" and (drawn := [p for p in event.part.split(", ") if p != "class"]):
            said = ", ".join(filter(None, [said, *map(part_title, drawn[:5])]))
    because = event.because or (event.answer.remark or "" if event.answer is not None else "")
    return {
        "When, UTC": event.at,
        "Who": who,
        "What": _EVENTS[event.kind] + ("" if event.stands else " (no longer stands)"),
        "Side": "" if event.side is None else side_title(event.side, site),
        "Answer": said,
        "Why, or remark": because,
    }
