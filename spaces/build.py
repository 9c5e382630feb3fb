"""The folder of a Space: the Gradio face with the bundles it reads with, and nothing that it does not need."""

import ast
import json
import shutil
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from importlib.metadata import packages_distributions, version
from pathlib import Path

from core.settings import ROOT

FACE = "space.py"
PYTHON = "3.12"
# Parts that are imported by a name made up at run time: what reads, and what says how good a model is.
BY_NAME = ("tasks/*/read.py", "tasks/*/show.py")
SAMPLES = {"hip": ("hip", "pelvis"), "knee": ("knee",), "spine": ("spine",)}  # by site, what their names hold
LARGE = ("*.safetensors", "*.png", "*.dcm")


@dataclass(frozen=True)
class Built:
    """What was built: modules of ours, lines of requirements, bytes in all."""

    folder: Path
    modules: tuple[str, ...]
    requirements: tuple[str, ...]
    size: int


def build(
    out: Path, bundles: Sequence[tuple[Path, str]], sites: Iterable[str], title: str, index: str | None = None
) -> Built:
    """Write the folder of a Space anew under `out`, whole or not at all.

    bundles: each one's folder and `name@version`; they read in place of whatever a recipe names. sites: which sample
    films go with them. index: where pip also looks for wheels, such as torch's for machines without a GPU. Raises
    FileExistsError for a folder that is there and is no Space.
    """
    if out.exists() and any(out.iterdir()) and not (out / FACE).is_file():
        raise FileExistsError(f"{out} is there and is no Space, expected a new folder or one built before")
    draft = out.parent / f".{out.name}.new"
    shutil.rmtree(draft, ignore_errors=True)
    draft.mkdir(parents=True)
    modules = closure([ROOT / FACE, *(file for pattern in BY_NAME for file in ROOT.glob(pattern))])
    for file in sorted({*modules, *_beside(modules)}):
        _copy(file, draft)
    for folder, name in bundles:
        there = draft / "weights" / Path(*name.split("@"))
        shutil.copytree(folder, there, ignore=shutil.ignore_patterns("__pycache__", "*.py"))  # no code for transformers
    reads = {name.partition("@")[0]: {"reads": name} for _, name in bundles}
    (draft / "weights" / "reads.json").write_text(json.dumps(reads, indent=1) + "\n", encoding="utf-8")
    kinds = [word for site in sites for word in SAMPLES.get(site, ())]
    for film in sorted((ROOT / "samples").iterdir()):
        if any(kind in film.name for kind in kinds):
            _copy(film, draft)
    _copy(ROOT / "LICENSE", draft)
    needed = requirements(modules)
    extra = [f"--extra-index-url {index}"] if index else []
    (draft / "requirements.txt").write_text("\n".join([*extra, *needed]) + "\n", encoding="utf-8")
    (draft / "README.md").write_text(_readme(title, [name for _, name in bundles]), encoding="utf-8")
    lines = [f"{pattern} filter=lfs diff=lfs merge=lfs -text" for pattern in LARGE]
    (draft / ".gitattributes").write_text("\n".join(lines) + "\n", encoding="utf-8")
    shutil.rmtree(out, ignore_errors=True)
    draft.rename(out)
    size = sum(file.stat().st_size for file in out.rglob("*") if file.is_file())
    return Built(out, tuple(_module(file) for file in modules), needed, size)


def closure(entries: Sequence[Path]) -> list[Path]:
    """The files of ours that these import, whenever they do, and the packages that they stand in."""
    found: dict[Path, None] = {}
    waiting = list(entries)
    while waiting:
        file = waiting.pop()
        if file in found:
            continue
        found[file] = None
        for name in [_module(file.parent / "__init__.py") if file.parent != ROOT else "", *imported(file)]:
            waiting += files_of(name)
    return sorted(found)


def files_of(module: str) -> list[Path]:
    """The files that importing a module of ours runs: its own and its packages'; none for a module of others."""
    parts = module.split(".")
    tried = [ROOT.joinpath(*parts[:end], "__init__.py") for end in range(1, len(parts) + 1)]
    tried.append(ROOT.joinpath(*parts).with_suffix(".py")) if parts[0] else None
    return [file for file in tried if parts[0] and file.is_file()]


def imported(file: Path) -> set[str]:
    """Modules that a file imports, at its top or later; and those it names in a string, to be imported by name."""
    names: set[str] = set()
    waiting: list[ast.AST] = [ast.parse(file.read_text(encoding="utf-8"))]
    while waiting:
        node = waiting.pop()
        if isinstance(node, ast.If) and "TYPE_CHECKING" in ast.unparse(node.test):
            waiting += node.orelse
            continue
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            names |= {node.module, *(f"{node.module}.{alias.name}" for alias in node.names)}
        elif isinstance(node, ast.Constant) and isinstance(node.value, str) and node.value.count(".") in (1, 2):
            names |= {node.value} if all(part.isidentifier() for part in node.value.split(".")) else set()
        waiting += ast.iter_child_nodes(node)
    return names


def requirements(modules: Iterable[Path]) -> tuple[str, ...]:
    """The lines of requirements.txt for what these files import."""
    tops = {name.partition(".")[0] for file in modules for name in imported(file)}
    known = packages_distributions()
    wanted = {dist.lower().replace("_", "-") for top in tops for dist in known.get(top, ())}
    lines = [line.split("#")[0].strip() for line in (ROOT / "requirements.txt").read_text().splitlines()]
    return tuple(line for line in lines if line and _named(line) in wanted)


def _named(line: str) -> str:
    end = next((place for place, sign in enumerate(line) if sign in "<>=[;! "), len(line))
    return line[:end].lower().replace("_", "-")


def _beside(modules: Iterable[Path]) -> list[Path]:
    """What stands in the folders of these files and is no code: pictures, style sheets, tables."""
    folders = {file.parent for file in modules if file.parent != ROOT}
    return [
        file for folder in folders for file in folder.iterdir() if file.is_file() and file.suffix not in (".py", ".pyc")
    ]


def _copy(file: Path, draft: Path) -> None:
    there = draft / file.relative_to(ROOT)
    there.parent.mkdir(parents=True, exist_ok=True)
    shutil.copyfile(file, there)


def _module(file: Path) -> str:
    parts = file.relative_to(ROOT).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


def _readme(title: str, names: Sequence[str]) -> str:
    """With the front matter by which Spaces know what to run."""
    return f"""---
title: {title}
emoji: 🦴
colorFrom: gray
colorTo: blue
sdk: gradio
sdk_version: {version("gradio")}
python_version: "{PYTHON}"
app_file: {FACE}
license: apache-2.0
short_description: Osteoporosis on plain X-rays, a research tool
pinned: false
tags:
- radiograph
- osteoporosis
- research
---

# {title}

A reading room for osteoporosis on plain X-rays. **A research tool, not a medical device.** A film is read in memory and
deleted as soon as it was read; nothing is kept.

Reads with {", ".join(names)}; the cards under `weights/` say what each learned from and how good it is.
"""
