"""The commands and the Python that the documents show."""

import re
import shlex
from collections.abc import Iterator
from pathlib import Path

from core.settings import ROOT

PAGES = (
    ROOT / "README.md",
    ROOT / "CONTRIBUTING.md",
    ROOT / "SECURITY.md",
    ROOT / "docs/architecture.md",
    *sorted(ROOT.glob("docs/guides/*.md")),
    *sorted(ROOT.glob("docs/explanation/*.md")),
    ROOT / "docs/reference/api.md",
    ROOT / "docs/reference/bundle.md",
)
_FENCE = re.compile(r"^```(\w*)\n(.*?)^```", re.DOTALL | re.MULTILINE)
_INLINE = re.compile(r"`((?:python cli\.py|make) [^`\n]+)`")


def lines(page: Path) -> Iterator[str]:
    """What a reader would type, a command a line, without prompt and remark. Where a block shows prompts, the other
    lines of it are what came out."""
    text = page.read_text(encoding="utf-8")
    for language, block in _FENCE.findall(text):
        if language in ("", "sh", "bash"):
            whole = block.replace("\\\n", " ").splitlines()
            typed = [line[2:] for line in whole if line.startswith("$ ")] or whole
            yield from (re.split(r"\s+#\s", line)[0].strip() for line in typed if not line.startswith("#"))
    yield from (
        one
        for one in _INLINE.findall(_FENCE.sub("", text))
        if "..." not in one and ("--" in one or one.startswith("make "))
    )


def told(program: str) -> list[tuple[str, list[str]]]:
    """Every command of a program, with the page it stands on: its words after the program's name."""
    found = []
    for page in PAGES:
        for line in lines(page):
            for one in re.split(r"\s+&&\s+", line):
                if one.startswith(f"{program} "):
                    found.append((page.name, shlex.split(one.removeprefix(program))))
    return found


def python(page: Path) -> list[str]:
    """The blocks of Python on a page."""
    return [block for language, block in _FENCE.findall(page.read_text(encoding="utf-8")) if language == "python"]
