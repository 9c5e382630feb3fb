"""An audit as plain values: what `audit.json` holds. Keys are stable; `version` rises when one changes its meaning."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any, Final

from audit.copies import Pair, Together
from audit.doubts import Doubts
from audit.findings import findings
from audit.rows import Problem, Row, Source, lacking
from audit.shortcuts import Shortcut
from training.data.given_split import part_of

SCHEMA: Final = "osteolens.audit"
VERSION: Final = 1


@dataclass
class Found:
    """What the steps of an audit have found so far. rows: those whose film could be read; group: of each, the number
    its copies share. problems: of rows and files. pairs, number_of: films, and which film each row shows."""

    source: Source
    rows: Sequence[Row] = ()
    problems: Sequence[Problem] = ()
    group: Sequence[int] = ()
    pairs: Sequence[Pair] = ()
    number_of: Sequence[int] = ()
    together: Mapping[str, Sequence[Together]] = field(default_factory=dict)
    tricks: Sequence[Shortcut] = ()
    doubts: Doubts | None = None
    training: Sequence[Mapping[str, Any]] = ()
    seconds: dict[str, float] = field(default_factory=dict)


def document(found: Found) -> dict[str, Any]:
    """Rows are named by their path and, in a table, their line; never by what the table calls a patient."""
    source, rows = found.source, found.rows
    missing = lacking(rows)
    labels = Counter(row.example.label for row in rows if row.example.label)
    kinds = Counter(pair.kind for pair in found.pairs)
    said = findings(missing, found.problems, kinds, found.together, found.tricks, labels, found.doubts)
    first = {number: row for row, number in reversed(list(zip(rows, found.number_of, strict=True)))}
    in_groups = Counter(found.group)
    return {
        "schema": SCHEMA,
        "version": VERSION,
        "source": {
            "name": source.name,
            "kind": source.kind,
            "fingerprint": source.fingerprint,
            "columns": list(source.columns),
            "columns_missing": missing,
            "rows": len(source.rows) + sum(one.code in ("not_there", "no_path") for one in source.problems),
            "rows_read": len(rows),
            "films_read": len(first),
            "films_distinct": len(set(found.group)),
            "patients": len({row.example.patient for row in rows if row.example.patient}) or None,
        },
        "findings": [asdict(one) for one in said],
        "problems": [asdict(one) for one in found.problems],
        "copies": {
            "by_kind": dict(kinds),
            "groups": sum(count > 1 for count in in_groups.values()),
            "pairs": [
                {
                    "kind": pair.kind,
                    "first": _named(first[pair.first]),
                    "second": _named(first[pair.second]),
                    "correlation": round(pair.correlation, 3),
                    "scale": round(pair.scale, 3),
                    "mirrored": pair.mirrored,
                }
                for pair in found.pairs
            ],
        },
        **{
            name: [{"rows": [_named(rows[row]) for row in one.rows], "said": list(one.said)} for one in some]
            for name, some in found.together.items()
        },
        "shortcuts": [{**asdict(one), "strong": one.strong} for one in found.tricks],
        "label_doubts": _doubts(found.doubts, rows),
        "balance": {
            "labels": dict(labels),
            "unlabelled": sum(row.example.label is None for row in rows),
            "parts": _parts(rows),
            "sex": dict(Counter(row.example.clinical.sex or "unknown" for row in rows)),
            "age_years": _ages(rows),
        },
        "training": list(found.training),
        "seconds": {step: round(value, 2) for step, value in found.seconds.items()},
    }


def _named(row: Row) -> dict[str, Any]:
    return {
        "path": row.name,
        "row": row.line,
        "label": row.example.label,
        "side": row.example.others.get("side"),
        "part": part_of(row.example),
    }


def _doubts(doubts: Doubts | None, rows: Sequence[Row]) -> dict[str, Any] | None:
    if doubts is None:
        return None
    return {
        "models": list(doubts.models),
        "asked": doubts.asked,
        "agreed": doubts.agreed,
        "not_asked": dict(doubts.silent),
        "rows": [
            {
                **_named(rows[one.row]),
                "instead": one.instead,
                "probability": round(one.probability, 4),
                "quality": round(one.quality, 4),
                "model": one.model,
            }
            for one in doubts.found
        ],
    }


def _parts(rows: Sequence[Row]) -> dict[str, dict[str, int]]:
    """Labels by part of the split; empty without one."""
    parts: dict[str, Counter[str]] = {}
    for row in rows:
        if row.example.split:
            name = part_of(row.example) or "not known"
            parts.setdefault(name, Counter())[row.example.label or "no label"] += 1
    return {name: dict(count) for name, count in parts.items()}


def _ages(rows: Sequence[Row]) -> dict[str, dict[str, float]]:
    """Count, mean, least and most by label."""
    of: dict[str, list[float]] = {}
    for row in rows:
        age = row.example.clinical.age_years
        if age is not None:
            of.setdefault(row.example.label or "no label", []).append(age)
    return {
        label: {"count": len(ages), "mean": round(sum(ages) / len(ages), 1), "least": min(ages), "most": max(ages)}
        for label, ages in of.items()
    }
