"""Bundles by name and version, never "the latest"."""

from functools import lru_cache
from pathlib import Path
from typing import Any

from models.bundle import VERSION, Bundle, BundleError, describe, load


def find(name_at_version: str, root: Path) -> Path:
    """The folder of `name@version`. Raises BundleError that names what there is."""
    name, at, version = name_at_version.partition("@")
    folder = root / name / version
    if not at or not (folder / "config.json").is_file():
        there = ", ".join(f"{one['name']}@{one['version']}" for one in shelf(root)) or "none"
        raise BundleError(f"no bundle {name_at_version} under {root}, expected one of: {there}")
    return folder


def has(name_at_version: str, root: Path) -> bool:
    """Whether `name@version` is there."""
    name, _, version = name_at_version.partition("@")
    return (root / name / version / "config.json").is_file()


def shelf(root: Path) -> list[dict[str, Any]]:
    """Every bundle under root, described without loading weights, by name and version."""
    return [
        describe(config.parent)
        for config in sorted(root.glob("*/*/config.json"))
        if config.parent.parent.parent == root and VERSION.fullmatch(config.parent.name)  # not one being written
    ]


@lru_cache(maxsize=8)
def _loaded(folder: Path, _changed: float) -> Bundle:
    return load(folder)


def bundle(name_at_version: str, root: Path) -> Bundle:
    """A bundle, loaded once a process (again if its folder was replaced)."""
    return at(find(name_at_version, root))


def at(folder: Path) -> Bundle:
    """The bundle in a folder, loaded once a process (again if it was replaced)."""
    return _loaded(folder, (folder / "config.json").stat().st_mtime)
