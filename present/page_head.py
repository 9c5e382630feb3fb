"""How a page of evidence begins: what was measured, by which command, and what on."""

from collections.abc import Mapping
from typing import Any

from present.wording import set_note


def page_head(study: Mapping[str, Any]) -> list[str]:
    """The title, and how, when and on what the page was made."""
    data = "virtual" if study.get("data", "virtual") == "virtual" else "MANIFEST"
    return [
        f"# {study['title']}: what {study['recipe']} {study['version']} was found to do",
        "",
        f"Written by `python cli.py evaluate {study['recipe']} --data {data} --out DIR` on {study['measured_on']}. "
        f"What it measures was made on {study['made_on']} with seed {study['seed']} and learned from "
        f"{study['learned_from']}.",
        "",
    ]


def sets_head(study: Mapping[str, Any]) -> list[str]:
    """That virtual patients are no people, and what each set is."""
    warning = "**Every film here shows a virtual patient. None of these figures says how good it is on people.**"
    return [
        *([warning, ""] if study["data"] == "virtual" else []),
        *(f"- **{name}**: {set_note(name, study['data'])}" for name in study["sets"]),
        "",
    ]
