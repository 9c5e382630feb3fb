"""The report of an audit as one HTML file: it opens anywhere, and asks nothing of any server."""

from base64 import b64encode
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, Final

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from core.titles import capital
from evidence.figure import Figure

SHOWN: Final = 8  # groups of films of a kind that are pictured; all are listed
DOUBTS: Final = 24  # doubted labels that are pictured
TOGETHER: Final = 4  # films of one group that are pictured
LISTED: Final = 500  # rows of a list; audit.json holds all
Picture = Callable[[str], bytes | None]
Row = Mapping[str, Any]

SECTIONS: Final = {
    "contradictions": (
        "One film under two labels",
        "These films show the same, or were cut out of one film, but carry different labels. Not all of these labels "
        "are right; training leaves all of the films out.",
    ),
    "copies_in_two_parts": (
        "Copies in two parts of the split",
        "A model is tested on films that it learned from. Put all copies of a film into one part.",
    ),
    "patients_in_two_parts": (
        "Patients in two parts of the split",
        "A model is tested on people that it learned from. Put all films of a person into one part.",
    ),
    "copies_of_two_patients": (
        "One film of several patients",
        "These films show the same, but the table says that they are of different people.",
    ),
    "rows_twice": (
        "One film in several rows",
        "These rows name the same file and the same side. Films with both limbs need R or L in the column side.",
    ),
}
HOW: Final = {
    "same_file": "the same file",
    "same_pixels": "the same pixels in another file",
}
_TEMPLATES = Environment(
    loader=FileSystemLoader(Path(__file__).parent / "templates"),
    undefined=StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
    autoescape=True,
)


def page(told: Mapping[str, Any], picture: Picture) -> str:
    """From what `audit.json` holds. picture: a film's JPEG by its path, or None where it cannot be shown."""
    return _TEMPLATES.get_template("audit.html.j2").render(
        told=told,
        source=told["source"],
        together=[_section(name, told[name], picture) for name in SECTIONS if told[name]],
        copies=_copies(told["copies"]["pairs"], picture),
        doubts=_doubts(told["label_doubts"], picture),
        shortcuts=_shortcuts(told["shortcuts"]),
        balance=_balance(told["balance"]),
        listed=LISTED,
        capital=capital,
    )


def _section(name: str, groups: Sequence[Row], picture: Picture) -> dict[str, Any]:
    title, says = SECTIONS[name]
    pictured = [] if name in ("rows_twice", "patients_in_two_parts") else _largest_gap(name, groups)[:SHOWN]
    return {
        "name": name,
        "title": title,
        "says": says,
        "count": len(groups),
        "pictured": [
            {"films": [_film(row, picture) for row in _shown(one)], "more": max(0, len(one["rows"]) - TOGETHER)}
            for one in pictured
        ],
        "rows": groups[:LISTED],
    }


def _largest_gap(name: str, groups: Sequence[Row]) -> list[Row]:
    """Normal against osteoporosis before neighbours of the scale."""
    apart = {"normal", "osteoporosis"}
    return sorted(groups, key=lambda one: not (name == "contradictions" and apart <= set(one["said"])))


def _shown(group: Row) -> list[Row]:
    """Films of a group that say different things first."""
    rows, said = group["rows"], group["said"]
    first = [said.index(word) for word in dict.fromkeys(said)]
    order = first + [place for place in range(len(rows)) if place not in first]
    return [rows[place] for place in order[:TOGETHER]]


def _film(row: Row, picture: Picture) -> dict[str, Any]:
    return {**row, "picture": _address(picture(row["path"])), "where": where(row)}


def where(row: Row) -> str:
    """A row as a person finds it again: its path, line and side."""
    line = "" if row["row"] is None else f", row {row['row']}"
    side = f", side {row['side']}" if row["side"] else ""
    return f"{row['path']}{line}{side}"


def _copies(pairs: Sequence[Row], picture: Picture) -> dict[str, Any]:
    """Those that a glance would not find first: mirrored, cut out or resized, least alike."""
    order = sorted(pairs, key=lambda one: (not one["mirrored"], one["kind"] != "alike", one["correlation"]))
    alike = [one for one in order if one["kind"] == "alike"]
    return {
        "pictured": [
            {"films": [_film(one["first"], picture), _film(one["second"], picture)], "how": how(one)}
            for one in alike[:SHOWN]
        ],
        "rows": [(where(one["first"]), where(one["second"]), how(one)) for one in order[:LISTED]],
        "count": len(pairs),
    }


def how(pair: Row) -> str:
    """In what two films differ, in words."""
    if pair["kind"] in HOW:
        return HOW[pair["kind"]]
    said = ["mirrored"] if pair["mirrored"] else []
    if abs(pair["scale"] - 1) > 0.03:
        said.append(f"resized or cut out, {pair['scale']:.2f} times as large")
    return f"{', '.join(said) or 'resaved, or other contrast'} (correlation {pair['correlation']:.2f})"


def _doubts(told: Mapping[str, Any] | None, picture: Picture) -> dict[str, Any] | None:
    if told is None:
        return None
    rows = told["rows"]
    return {
        **told,
        "pictured": [_film(one, picture) for one in rows[:DOUBTS]],
        "listed": [(where(one), one["label"], one["instead"], one["probability"]) for one in rows[:LISTED]],
        "share": len(rows) / told["asked"] if told["asked"] else 0.0,
    }


def _shortcuts(rows: Sequence[Row]) -> dict[str, list[dict[str, Any]]]:
    """Those that tell something, or at least the first few; and the rest."""
    telling = max(4, sum((one["auc"]["low"] or 0) > 0.5 for one in rows))
    shown = [_shortcut(one) for one in rows]
    return {"telling": shown[:telling], "rest": shown[telling:]}


def _shortcut(one: Row) -> dict[str, Any]:
    area = Figure.of(one["auc"])
    return {**one, "text": area.text(2), "value": area.value or 0.5, "low": area.low or 0.5, "high": area.high or 0.5}


def _balance(told: Mapping[str, Any]) -> dict[str, Any]:
    parts = told["parts"] or {"all": told["labels"]}
    labels = list(dict.fromkeys(label for counts in parts.values() for label in counts))
    order = [name for name in ("normal", "osteopenia", "osteoporosis") if name in labels]
    labels = order + [name for name in labels if name not in order]
    rows = [(name, [counts.get(label, 0) for label in labels], sum(counts.values())) for name, counts in parts.items()]
    return {**told, "classes": labels, "rows": rows}


def _address(jpeg: bytes | None) -> str | None:
    return None if jpeg is None else f"data:image/jpeg;base64,{b64encode(jpeg).decode('ascii')}"
