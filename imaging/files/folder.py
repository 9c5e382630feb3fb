"""A whole folder without the persons: one opaque file a film, never over another, and on from where it stopped."""

import os
import secrets
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from core.refusal import Notice, Refusal, Refused
from core.settings import settings
from core.system.whole import write_whole
from imaging.files.marked import marked
from imaging.person.deidentify import deidentified, opaque_name
from imaging.person.pixels import Verdict


@dataclass(frozen=True)
class Outcome:
    """What became of the film that stands at `number` (from 1) in the order of the paths, out of `count`."""

    number: int
    count: int
    status: Literal["written", "there", "refused", "held"]
    name: str = ""
    picture: Path | None = None  # of one that is held: what a person must look at
    refusal: Refusal | None = None
    notices: tuple[Notice, ...] = ()


def deidentify_folder(source: Path, out: Path, verdicts: Mapping[str, Verdict] | None = None) -> Iterator[Outcome]:
    """De-identify every file under `source` (or `source` itself) into `out`.

    What may show text is held: nothing of it goes to `out`, and its picture lies under OSTEOLENS_HOME/held for a person
    to look at. verdicts: what that person said, by the name under which the film was held.
    Nothing of a source's name reaches the output or an outcome: a file is known by its place in the sorted paths.
    Raises FileNotFoundError where there is no such source.
    """
    if not source.exists():
        raise FileNotFoundError("there is no file or folder under the first path; give a film or a folder of films")
    out.mkdir(parents=True, exist_ok=True)
    inside = out.resolve()
    films = [source] if source.is_file() else sorted(path for path in source.rglob("*") if path.is_file())
    films = [film for film in films if inside not in film.resolve().parents and not film.name.startswith(".")]
    for number, film in enumerate(films, 1):
        data = film.read_bytes()
        there = [name for suffix in (".dcm", ".png") if (out / (name := opaque_name(data) + suffix)).exists()]
        if there:
            yield Outcome(number, len(films), "there", there[0])
            continue
        opaque = opaque_name(data)
        try:
            clean = deidentified(data, (verdicts or {}).get(opaque))
        except Refused as refused:
            yield Outcome(number, len(films), "refused", refusal=refused.refusal)
            continue
        picture = settings().home / "held" / f"{opaque}.png"
        if clean.suspected:
            write_whole(picture, marked(clean.picture, clean.suspected))
            yield Outcome(number, len(films), "held", opaque, picture, notices=clean.notices)
            continue
        picture.unlink(missing_ok=True)
        written = _placed(clean.data, out / clean.name)
        yield Outcome(number, len(films), "written" if written else "there", clean.name, notices=clean.notices)


def _placed(data: bytes, path: Path) -> bool:
    """Write whole or not at all, and only where nothing stands yet."""
    draft = path.with_name(f".{secrets.token_hex(8)}.part")
    try:
        draft.write_bytes(data)
        os.link(draft, path)
    except FileExistsError:
        return False
    finally:
        draft.unlink(missing_ok=True)
    return True
