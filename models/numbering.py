"""Which version number a new bundle gets."""

from collections.abc import Iterable
from pathlib import Path

from models.files.draft import VERSION, free


def versions(name: str, *roots: Path) -> list[str]:
    """Every version of a bundle under any of the roots, lowest first; by number, so that 0.10.0 comes after 0.9.0."""
    found = {folder.name for root in roots for folder in (root / name).glob("*") if VERSION.fullmatch(folder.name)}
    return sorted(found, key=_numbers)


def next_version(name: str, first: str, *roots: Path) -> str:
    """The highest version of a bundle under any of the roots, one patch on; `first` where there is none."""
    there = versions(name, *roots)
    if not there:
        return first
    major, minor, patch = _numbers(there[-1])
    return f"{major}.{minor}.{patch + 1}"


def version_for(name: str, asked: str | None, first: str, *roots: Path, others: Iterable[Path] = ()) -> str:
    """The version of a bundle to be made: the one asked for, or the next one free. Raises BundleError for one that is
    under any of the roots already. others: roots whose numbers are passed over as well, unless they are asked for."""
    version = asked or next_version(name, first, *roots, *others)
    for root in roots:
        free(name, version, root)
    return version


def _numbers(version: str) -> tuple[int, ...]:
    return tuple(map(int, version.split(".")))
