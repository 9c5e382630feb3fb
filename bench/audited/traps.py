"""Real sets whose traps are known: whether the audit finds them."""

from pathlib import Path

import pandas as pd

from audit.kept import Kept
from audit.record import document
from audit.rows import source_of
from audit.run import audited
from core.settings import settings

SETS = ("knee_qus", "knee_binary")


def section(folder: Path) -> list[str]:
    """Lines of Markdown; one where the films are not at hand."""
    data = settings().data
    if not all((data / name / "manifest.csv").is_file() for name in SETS):
        return ["The real knee films were not at hand."]
    lines = [
        "`knee_qus` holds films twice, some under other labels, and labels that age gives away; `knee_binary` holds "
        "crops of them, and labels that size, contrast and file type give away (README of the films).",
        "",
        "| set | films | different | groups of copies | under two labels | strongest fact of the film, AUROC | of the "
        "person |",
        "|---|---|---|---|---|---|---|",
    ]
    together = folder / "both" / "manifest.csv"
    together.parent.mkdir(parents=True, exist_ok=True)
    tables = [pd.read_csv(data / name / "manifest.csv") for name in SETS]
    for name, table in zip(SETS, tables, strict=True):
        table["path"] = [str((data / name / film).resolve()) for film in table["path"]]
    pd.concat(tables).to_csv(together, index=False)
    for title, path in (*((name, data / name) for name in SETS), ("both", together)):
        found, _ = audited(source_of(path), Kept(folder / "kept.sqlite"), 1, lambda *_: None)
        told = document(found)
        cells = [title, told["source"]["films_read"], told["source"]["films_distinct"], told["copies"]["groups"]]
        cells += [len(told["contradictions"])]
        for about in ("film", "person"):
            best = next((one for one in found.tricks if one.about == about), None)
            cells.append(f"{best.name}, {best.answer}: {best.auc.text(2)}" if best else "not known")
        lines.append(f"| {' | '.join(map(str, cells))} |")
    return lines
