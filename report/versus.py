"""A comparison of two versions as tables: on a page, on a screen, in a terminal."""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from core.titles import plain as worded
from evidence.figure import Figure, p_text
from evidence.shown import Cell, Section, Table
from report.page import TEMPLATES, keep
from report.tables import markdown

UNITS = "Units: limbs, or films that are read as a whole. Differences are challenger minus champion, with 95 % CI."


def sections(weighed: Mapping[str, Any]) -> list[Section]:
    """What decided, every measure by task, and the subgroups, of a comparison as plain values."""
    found = weighed["comparison"]
    primary = found["primary"]
    said = "The challenger takes the place" if found["takes"] else "The challenger is refused"
    head = (weighed["rule"], f"{said}: {'; '.join(found['reasons'])}.", *(f"{note}." for note in weighed["notes"]))
    rows = [_row(primary)]
    shown = [Section("Decision", (*head, _table(rows)))]
    for task, measures in found["tasks"].items():
        if measures:
            shown.append(Section(worded(task), (UNITS, _table([_row(one) for one in measures]))))
    if found["subgroups"]:
        shown.append(
            Section(
                f"Subgroups: {primary['title']}",
                (
                    "p: one-sided, that the challenger is no worse, by Holm's correction; none below 20 patients.",
                    Table(
                        ("By", "Group", "Units", "Patients", "Champion", "Challenger", "Difference", "p"),
                        tuple(_of_group(one) for one in found["subgroups"]),
                        grouped=1,
                    ),
                ),
            )
        )
    return shown


def write(weighed: Mapping[str, Any], folder: Path) -> tuple[Path, Path]:
    """`folder/<challenger>_over_<champion>.json` and the page of the same name."""
    folder.mkdir(parents=True, exist_ok=True)
    name = f"{weighed['challenger']}_over_{weighed['champion']}".replace("@", "_")
    figures = keep(weighed, folder / f"{name}.json")
    page = folder / f"{name}.md"
    found = weighed["comparison"]
    text = TEMPLATES.get_template("versus.md.j2").render(
        weighed=weighed,
        found=found,
        alone=[f"{count} {what}" for what, count in weighed["alone"].items() if count],
        today=datetime.now(UTC).date().isoformat(),
        sections=markdown(sections(weighed), {}),
    )
    page.write_text(text.rstrip() + "\n", encoding="utf-8")
    return figures, page


def step_rows(steps: Sequence[Any]) -> list[dict[str, str]]:
    """The log for a screen, the latest first."""
    return [
        {
            "When": one.when.replace("T", " ").removesuffix("+00:00"),
            "Step": one.what.capitalize(),
            "From": one.came_from or "",
            "To": one.to,
            "Why": one.because,
            "Who": one.who or "",
        }
        for one in reversed(steps)
    ]


def _table(rows: Sequence[tuple[Cell, ...]]) -> Table:
    return Table(("Measure", "Champion", "Challenger", "Difference", "p", "How"), tuple(rows))


def _row(one: Mapping[str, Any]) -> tuple[Cell, ...]:
    return (
        one["title"], _number(one["first"]), _number(one["second"]),
        Figure.of(one["difference"]).text(4, signed=True), "" if one["p"] is None else p_text(one["p"]), one["how"],
    )  # fmt: skip


def _of_group(one: Mapping[str, Any]) -> tuple[Cell, ...]:
    return (
        worded(one["about"]), one["name"], one["units"], one["patients"], _number(one["first"]),
        _number(one["second"]), Figure.of(one["difference"]).text(4, signed=True),
        "" if one["p"] is None else p_text(one["p"]),
    )  # fmt: skip


def _number(value: float | None) -> str:
    return "not defined" if value is None else f"{value:.4f}"
