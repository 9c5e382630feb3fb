"""The evidence page of a study: Markdown with its plots, by the tasks that the evidence names."""

import json
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from matplotlib.figure import Figure as Drawing

from core.model_facts import ModelFacts
from core.titles import set_note, set_title
from evidence.record import Again, Evidence
from evidence.record.evidence import MARKS
from evidence.shown import Plot, Section, Table
from evidence.study import VIRTUAL, Study
from report import plots_classes, plots_density, plots_masks
from report.plotting import png
from report.published import PUBLISHED
from report.shows import shows_of
from report.tables import markdown

KEPT = re.compile(r"<!-- kept -->.*?<!-- /kept -->", re.DOTALL)
REST = "<!-- bench -->"  # below it stands what other measurements wrote, which is kept
PLOTS: Mapping[str, Callable[[Study], Drawing | None]] = {
    "roc": plots_classes.roc,
    "confusion": plots_classes.confusion,
    "reliability": plots_classes.reliability,
    "outlines": plots_masks.outlines,
    "agreement": plots_density.agreement,
    "again": plots_density.again,
}
PLOTS_OF_SET: Mapping[str, Callable[[Study, str], Drawing | None]] = {"projections": plots_density.projections}
TEMPLATES = Environment(
    loader=FileSystemLoader(Path(__file__).parent / "templates"),
    undefined=StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
    autoescape=False,  # Markdown, from our own figures
)


def study_of(
    facts: ModelFacts,
    sets: Mapping[str, Mapping[str, Any]],
    data: str,
    again: Mapping[str, Mapping[str, Any]] | None = None,
    pictured: Mapping[str, Sequence[Any]] | None = None,
) -> Study:
    """Today's measurement of a model. sets, again: plain figures as a measurement gives them, by set and by scanner.
    data: `virtual`, or a manifest, whose set then names it. Raises EvidenceError in one sentence."""
    found = Evidence.measured(sets)
    unlisted = [task for task in dict.fromkeys(facts.networks.values()) if task not in MARKS]  # a task of one's own
    return Study(
        facts,
        replace(found, tasks=(*found.tasks, *unlisted)),
        VIRTUAL if data == VIRTUAL else next(iter(sets)),
        datetime.now(UTC).date().isoformat(),
        PUBLISHED.get(facts.name),
        {scanner: Again.from_plain(one) for scanner, one in (again or {}).items()},
        pictured or {},
    )


def write(study: Study, folder: Path, tables: Mapping[str, Any] | None = None) -> tuple[Path, Path]:
    """Write `folder/<recipe>.json`, `folder/<recipe>.md` and its plots `<recipe>_<what>.png`; returns the first two.

    tables: data frames by set, written as `<recipe>_<set>.csv`.
    What stands between `<!-- kept -->` and `<!-- /kept -->` on a page that is there already is kept: that is where
    people write. So is whatever stands below `<!-- bench -->`.
    """
    folder.mkdir(parents=True, exist_ok=True)
    name = study.facts.name
    figures, page = folder / f"{name}.json", folder / f"{name}.md"
    keep(plain(study), figures)
    for of, table in (tables or {}).items():
        table.to_csv(folder / f"{name}_{of}.csv", index=False)
    before = page.read_text(encoding="utf-8") if page.exists() else ""
    kept, _, rest = before.partition(REST)
    people = KEPT.search(kept)
    sections = [section for show in shows_of(study.evidence) for section in show.page(study)]
    provenance = study.facts.provenance
    text = TEMPLATES.get_template("page.md.j2").render(
        facts=study.facts,
        study=study,
        data="virtual" if study.virtual else "MANIFEST",
        made_on=provenance.get("made_on"),
        seed=provenance.get("seed", "not recorded"),
        virtual=study.virtual and not study.evidence.views,
        sets=[f"**{set_title(one)}**: {set_note(one, study.data)}" for one in _films(study)],
        kept=people.group(0) if people else "",
        sections=markdown([*_counts(study), *sections], _drawn(study, sections, folder)),
        rest=rest.strip(),
        marker=REST,
    )
    page.write_text(text.rstrip() + "\n", encoding="utf-8")
    return figures, page


def plain(study: Study) -> dict[str, Any]:
    """The study as plain values, ready for JSON."""
    facts, views = study.facts, study.evidence.views
    return {
        "recipe": facts.name,
        "title": facts.title,
        "version": facts.version,
        "labels": list(facts.labels),
        "data": study.data,
        "learned_from": facts.learned_from,
        "made_on": facts.provenance.get("made_on"),
        "measured_on": study.measured_on,
        "seed": facts.provenance.get("seed"),
        "voices": dict(facts.weights),
        "tasks": list(study.evidence.tasks),
        "sets": {name: one.to_plain() for name, one in study.evidence.sets.items()},
        **(views.to_plain() if views else {}),
        **({"again": {name: one.to_plain() for name, one in study.again.items()}} if study.again else {}),
        **({"door": {name: dict(one) for name, one in study.routing.items()}} if study.routing else {}),
    }


def keep(values: Mapping[str, Any], file: Path) -> Path:
    """Write plain values as JSON."""
    file.write_text(json.dumps(values, indent=1, ensure_ascii=False, allow_nan=False) + "\n", encoding="utf-8")
    return file


def _drawn(study: Study, sections: list[Section], folder: Path) -> dict[str, str]:
    """Draw the plots that the sections name; file names by the plot's."""
    files = {}
    for one in (block for section in sections for block in section.blocks if isinstance(block, Plot)):
        drawing = PLOTS_OF_SET[one.what](study, one.of) if one.of else PLOTS[one.what](study)
        if drawing is not None:
            files[one.name] = f"{study.facts.name}_{one.name}.png"
            (folder / files[one.name]).write_bytes(png(drawing))
    return files


def _films(study: Study) -> list[str]:
    """The sets of films; those of the network of views are shown as what they are."""
    return [] if study.evidence.views else list(study.evidence.sets)


def _counts(study: Study) -> list[Section]:
    rows = []
    for name in _films(study):
        one = study.evidence.sets[name]
        counts = (one.films, one.limbs, one.missed, one.refused)
        rows.append((set_title(name), *("" if count is None else count for count in counts)))
    head = ("Set", "Films", "Limbs", "Limbs not found", "Films refused")
    return [Section("Films", (Table(head, tuple(rows)),))] if rows else []
