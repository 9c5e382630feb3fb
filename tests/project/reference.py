"""The pages that are written from the code: `python -m tests.project.reference`. A test holds them to it.

The command line's from its parser, the settings' from their class; the settings' table stands in README.md as well.
"""

import argparse
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from pydantic_core import PydanticUndefined

import cli
from core.settings import ROOT, Settings

TABLE = re.compile(r"\| setting \| default \|.*?(?=\n\n)", re.DOTALL)
BEGIN = """# Command line

Written from the code by `make docs`. `python cli.py COMMAND --help` says the same. Exit code 0: the command did its
work (a refused film is a result); 2: wrong use; 1: a fault.
"""
SETTINGS = """# Settings

Written from the code by `make docs`. Read from the environment, or from a file `.env` beside README.md. A value
that cannot be is refused by the setting's name.

"""


def commands(parser: argparse.ArgumentParser, words: str = "") -> Iterator[tuple[str, argparse.ArgumentParser]]:
    """Every command that does something, by the words that call it."""
    groups = [one for one in parser._actions if isinstance(one, argparse._SubParsersAction)]
    if not groups:
        yield words, parser
    for group in groups:
        for name, inner in group.choices.items():
            yield from commands(inner, f"{words} {name}".strip())


def command_line() -> str:
    parts = [BEGIN, "\n`python cli.py --version` tells which version this is.\n"]
    for words, parser in commands(cli._parser()):
        parts.append(f"\n## {words}\n\n{parser.description}\n\n```text\n{_usage(words, parser)}\n```\n\n")
        rows = [_row(one) for one in parser._actions if not isinstance(one, argparse._HelpAction)]
        if rows:
            parts.append("| argument | what it is |\n|---|---|\n" + "".join(rows))
    return "".join(parts)


def _usage(words: str, parser: argparse.ArgumentParser) -> str:
    parser.prog = f"python cli.py {words}"
    return " ".join(parser.format_usage().removeprefix("usage: ").replace("[-h] ", "").split())


def _row(action: argparse.Action) -> str:
    name = ", ".join(action.option_strings) or str(action.metavar or action.dest)
    said = [str(action.help or "")]
    if action.choices:
        said.append("One of " + ", ".join(f"`{one}`" for one in action.choices) + ".")
    if action.required and action.option_strings:
        said.append("Required.")
    value = f" {action.metavar}" if action.option_strings and action.metavar else ""
    text = " ".join(one if one.endswith(".") or one == said[-1] else f"{one}." for one in said if one)
    return f"| `{name}{value}`".replace("|", "\\|").replace("\\|", "|", 1) + f" | {text} |\n"


def settings_table() -> str:
    rows = ["| setting | default | what it does |", "|---|---|---|"]
    for name, field in Settings.model_fields.items():
        rows.append(f"| `OSTEOLENS_{name.upper()}` | {_default(field.default)} | {field.description} |")
    return "\n".join(rows)


def _default(value: Any) -> str:
    if value is None or value == () or value is PydanticUndefined:
        return "none"
    if isinstance(value, Path):
        value = value.relative_to(ROOT) if value.is_relative_to(ROOT) else value.name
    return f"`{str(value).lower() if isinstance(value, bool) else f'{value:g}' if isinstance(value, float) else value}`"


def pages() -> dict[Path, str]:
    """What each file must say, by its path."""
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    return {
        ROOT / "docs/reference/command-line.md": command_line(),
        ROOT / "docs/reference/settings.md": f"{SETTINGS}{settings_table()}\n",
        ROOT / "README.md": TABLE.sub(lambda _: settings_table(), readme, count=1),
    }


def main() -> None:
    for file, text in pages().items():
        file.write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
