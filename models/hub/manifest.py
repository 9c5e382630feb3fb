"""Which files of a bundle travel, and by which digests whoever fetches them knows that they are whole."""

import hashlib
import re
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from models.bundle import fingerprint
from models.files.plain import MOST_BYTES, BundleError, read_json

CHECKSUMS = "checksums.json"
NEEDED = ("README.md", "config.json", "evidence.json")
_TRAVELS = re.compile(
    r"(README\.md|config\.json|evidence\.json|taught\.json"
    r"|[A-Za-z0-9_]+/(config\.json|preprocessor_config\.json|model\.safetensors|familiarity\.safetensors))"
)
MOST_WEIGHTS = 8_000_000_000  # bytes of one file of weights
MOST_FILES = 400


def travels(path: str) -> bool:
    """Whether a file of that name, relative to its bundle, is part of it: JSON, safetensors and the card, no code."""
    return _TRAVELS.fullmatch(path) is not None


def bounded(sizes: Iterable[tuple[str, int]]) -> None:
    """Raises BundleError for files too many or too large to be a bundle's, before any is fetched. sizes: in bytes."""
    known = list(sizes)
    if len(known) > MOST_FILES:
        raise BundleError(f"found {len(known)} files, expected at most {MOST_FILES} of a bundle; this is none")
    for path, size in known:
        most = MOST_WEIGHTS if path.endswith(".safetensors") else MOST_BYTES
        if size > most:
            raise BundleError(
                f"{path} has {size / 1e6:.0f} MB, expected at most {most / 1e6:.0f} MB; this is no bundle of ours"
            )


def checksums(folder: Path, name: str, version: str) -> dict[str, Any]:
    """What `checksums.json` says of the bundle in a folder."""
    files = sorted(file.relative_to(folder).as_posix() for file in folder.rglob("*") if file.is_file())
    digests = {path: digest(folder / path) for path in files if travels(path)}
    return {"name": name, "version": version, "fingerprint": fingerprint(folder), "files": digests}


def verify(folder: Path, expected: str | None = None) -> dict[str, Any]:
    """Hold every file of a fetched bundle against its digests; gives what `checksums.json` says.

    expected: the fingerprint that the bundle must have, as whoever made it told it. Raises BundleError in one sentence
    for a file that is missing or was changed, and for a bundle that is another.
    """
    said = read_json(folder / CHECKSUMS)
    files, claimed = said.get("files"), said.get("fingerprint")
    if not isinstance(files, dict) or not isinstance(claimed, str) or not all(name in files for name in NEEDED):
        raise BundleError(f"{CHECKSUMS} names no files and no fingerprint; publish the bundle again")
    for path, known in files.items():
        if not travels(path) or not (folder / path).is_file():
            raise BundleError(f"{path} is missing, expected what {CHECKSUMS} names; fetch the bundle again")
        if digest(folder / path) != known:
            raise BundleError(f"{path} is not the file that was published; fetch the bundle again, or do not use it")
    found = fingerprint(folder)
    if found != claimed or (expected is not None and found != expected):
        raise BundleError(
            f"found a bundle of fingerprint {found}, expected {expected or claimed}; this is another bundle, do not "
            "use it"
        )
    return said


def digest(path: Path) -> str:
    """SHA-256 of a file, in hex."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
