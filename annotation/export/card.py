"""The data card: what the training set holds, how its truth came about, and what stayed out."""

from collections import Counter
from collections.abc import Mapping, Sequence

from annotation.export.dataset import features_of, said_of
from annotation.export.rows import Row


def data_card(recipe: str, asked: str, rows: Sequence[Row], left_out: Mapping[str, int]) -> str:
    """README.md of the folder that `datasets` opens, with the front matter by which it finds the splits."""
    splits = dict.fromkeys(row.split for row in rows)
    front = ["---", "configs:", "- config_name: default", "  data_files:"]
    for split in splits:
        front += [f"  - split: {split}", f"    path: data/{split}-*"]
    front += ["tags:", "- radiograph", "- osteoporosis", "---", ""]
    films, people = len({row.case_id for row in rows}), len({row.film.patient for row in rows})
    unsettled = Counter(part for row in rows for part in row.truth.differs)
    said = [
        f"# Expert answers to {recipe}",
        "",
        f"{asked}: {len(rows)} rows, a film or one side of it each, from {films} films of {people} people. "
        "Not a medical device; for research and teaching.",
        "",
        *_table("split", Counter(row.split for row in rows)),
        *_table("arm", Counter(row.facts["arm"] for row in rows)),
        *_table("label", Counter(row.facts["label"] or "none" for row in rows)),
        *_table("sure", Counter(row.answer.certainty or "not said" for row in rows)),
        "## How the truth was settled",
        "",
        "`single`: one reader said so. `agreed`: all did. `majority`: most did. `adjudicated`: a person decided. Where "
        "several readers drew one region, the mask is their consensus.",
        "",
        *_table("part and how", Counter(f"{part}: {how}" for row in rows for part, how in row.how.items())),
        "Unknown regions, landmarks and grades are empty, and never mean that a thing is absent.",
        "",
    ]
    if unsettled:
        said += ["Parts that stay unknown because readers differ:", "", *_table("part", unsettled)]
    if left_out:
        said += ["## What stayed out", "", *_table("reason", Counter(left_out))]
    columns = said_of(features_of(rows))
    said += [
        "## Columns",
        "",
        "| column | holds |",
        "|---|---|",
        *(f"| `{name}` | {of} |" for name, of in columns.items()),
    ]
    said += [
        "",
        "Names, dates of birth, hospital numbers and the readers' free remarks are not in it. Pseudonyms are keyed "
        "hashes; the key stays on the installation that made them.",
        "",
    ]
    return "\n".join([*front, *said])


def _table(head: str, counts: Counter[str]) -> list[str]:
    rows = [f"| {name} | {count} |" for name, count in sorted(counts.items(), key=lambda one: (-one[1], one[0]))]
    return [f"| {head} | rows |", "|---|---|", *rows, ""]
