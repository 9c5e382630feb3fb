"""Bundles by name and version, never "the latest". Which version reads is said in models.reads."""

import logging
from pathlib import Path
from threading import Lock
from typing import Any

from models.bundle import Bundle, describe, load, taught
from models.files.draft import VERSION
from models.files.plain import BundleError

log = logging.getLogger(__name__)

_guard = Lock()  # of the two tables below; never held while a bundle is read from disk
_locks: dict[Path, Lock] = {}  # one a folder: of two first films one loads, the other waits for what it loaded
_loaded: dict[Path, tuple[int, Bundle]] = {}  # with the time at which its config was written


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
    """Every bundle under root, described without loading weights, by name and version. One that is damaged is left out,
    and the log says so: it must not keep the others from being shown and read with."""
    there = []
    for config in sorted(root.glob("*/*/config.json")):
        if config.parent.parent.parent != root or not VERSION.fullmatch(config.parent.name):  # one being written
            continue
        try:
            there.append(describe(config.parent))
        except (BundleError, KeyError, TypeError, AttributeError) as fault:
            log.warning("a bundle is left out of the shelf: %s", fault)
    return there


def names(root: Path) -> list[str]:
    """`name@version` of every bundle under root, in order."""
    there = sorted(root.glob("*/*/config.json"))
    return [f"{one.parent.parent.name}@{one.parent.name}" for one in there if VERSION.fullmatch(one.parent.name)]


def bundle(name_at_version: str, root: Path) -> Bundle:
    """A bundle, loaded once a process (again if its folder was replaced)."""
    return at(find(name_at_version, root))


def at(folder: Path) -> Bundle:
    """The bundle in a folder, loaded once a process (again if it was replaced), however many threads ask at once.

    It is kept until its folder is replaced or gone: all that ship together take less memory than one large film.
    """
    folder = folder.resolve()
    with _guard:
        lock = _locks.setdefault(folder, Lock())
    with lock:
        written = (folder / "config.json").stat().st_mtime_ns
        with _guard:
            known = _loaded.get(folder)
        if known is None or known[0] != written:
            known = written, load(folder)
            with _guard:
                _loaded[folder] = known
                for gone in [one for one in _loaded if not one.is_dir()]:
                    del _loaded[gone]
    return known[1]


def names_that_taught(root: Path) -> set[str]:
    """Every film and patient, by the names that bundles keep of them, that any bundle at hand learned from."""
    records = [taught(find(bundle, root)) for bundle in names(root)]
    return {one for record in records for one in (*record.get("films", ()), *record.get("patients", ()))}


def films_that_taught(root: Path) -> dict[str, frozenset[str]]:
    """The same of films alone, by bundle."""
    return {one: frozenset(taught(find(one, root)).get("films", ())) for one in names(root)}
