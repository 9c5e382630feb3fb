"""One Markdown file of evidence, each section of which is written by its own measurement."""

import re
from pathlib import Path


def write_section(path: Path, title: str, lines: list[str]) -> None:
    """Put these lines under `## title`: in place of what stood there, else at the end; nothing else is touched."""
    text = path.read_text(encoding="utf-8") if path.exists() else ""
    section = f"## {title}\n\n" + "\n".join(lines).strip() + "\n"
    found = re.search(rf"^## {re.escape(title)}\n.*?(?=^## |\Z)", text, re.MULTILINE | re.DOTALL)
    if found:
        text = text[: found.start()] + section + ("\n" if text[found.end() :] else "") + text[found.end() :]
    else:
        text = text.rstrip("\n") + "\n\n" + section
    path.write_text(text.lstrip("\n"), encoding="utf-8")
