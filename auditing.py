"""Auditing: what is wrong with a set of films, step by step.

rows -> films, each read once -> copies -> leaks, contradictions, shortcuts -> doubted labels -> report
"""

import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from hashlib import sha256
from pathlib import Path
from typing import Any

from core.clinical import Clinical
from core.reading import Reading
from core.settings import settings
from core.system.whole import write_whole

Tell = Callable[[str, int, int], None]
Read = Callable[[Path, Clinical], Iterable[Reading]]
REPORT, DOCUMENT, KEPT = "report.html", "audit.json", "kept/films.sqlite"


def audit(
    data: Path,
    out: Path,
    read: Read | None = None,
    said: Mapping[Path, Sequence[Mapping[str, Any]]] | None = None,
    workers: int = 1,
    tell: Tell = lambda *_: None,
) -> dict[str, Any]:
    """Audit a manifest or a folder into `out`, and give what `audit.json` holds. Killed and run again, it goes on.

    read: reads one film, so that the model can be asked which labels it doubts; said: readings made before, by film.
    Without either no label is doubted. Raises ManifestError for what cannot be audited.
    """
    from audit.kept import Kept
    from audit.record import document
    from audit.rows import source_of
    from audit.run import audited, doubted
    from models.registry import films_that_taught

    source = source_of(data)
    kept = Kept(out / KEPT)
    found, films = audited(source, kept, workers, tell)
    found.training = _of_training(data) if source.kind == "manifest" and not source.problems else ()
    pictures = _Pictures({row.name: row.example.path for row in found.rows})
    _write(out, document(found), pictures)
    if (read is not None or said is not None) and any(row.example.label for row in found.rows):
        people = {row.example.path: row.example.clinical for row in found.rows}
        asked = _Asked(out / "kept/readings", read, said, people)
        doubted(found, films, asked, films_that_taught(settings().weights), tell)
        _write(out, document(found), pictures)
    return document(found)


def folder_of(home: Path, data: Path) -> Path:
    """Where a face keeps the audit of a table or a folder that it was not told where to put."""
    return home / "audits" / sha256(str(data.resolve()).encode()).hexdigest()[:16]


def _write(out: Path, told: dict[str, Any], pictures: "_Pictures") -> None:
    from report.audit import page

    write_whole(out / DOCUMENT, (json.dumps(told, indent=1, ensure_ascii=False) + "\n").encode())
    write_whole(out / REPORT, page(told, pictures).encode())


def _of_training(data: Path) -> list[dict[str, Any]]:
    """What each recipe could learn from the table, as `train` and the page Learn count it."""
    from recipes import LEARNERS, learner
    from training.data.audit import audit as of_training

    found = []
    for name in LEARNERS:
        one = of_training(learner(name), data, None)
        said = [{"kind": finding.kind, "sentence": finding.sentence} for finding in one.findings]
        found.append({"recipe": name, "may_start": one.may_start, "findings": said})
    return found


class _Asked:
    """A film's readings as plain rows: made before, kept from a run that was killed, or made now."""

    def __init__(
        self,
        folder: Path,
        read: Read | None,
        said: Mapping[Path, Sequence[Mapping[str, Any]]] | None,
        people: Mapping[Path, Clinical],
    ) -> None:
        self._folder, self._read, self._said, self._people = folder, read, said, people

    def __call__(self, film: Path) -> Sequence[Mapping[str, Any]]:
        if self._said is not None:
            return self._said.get(film.resolve(), ())
        from audit.kept import key_of
        from models.registry import names

        key = f"{key_of(film)} {', '.join(names(settings().weights))}"
        file = self._folder / f"{sha256(key.encode()).hexdigest()[:32]}.json"
        if file.is_file():
            kept: list[dict[str, Any]] = json.loads(file.read_bytes())
            return kept
        assert self._read is not None
        rows = [one.row() for one in self._read(film, self._people[film])]
        write_whole(file, json.dumps(rows).encode())
        return rows


class _Pictures:
    """Films for the report, burnt-in text painted over: the few that are shown are searched for it. None for a film
    that cannot be shown."""

    def __init__(self, paths: Mapping[str, Path]) -> None:
        self._paths = paths
        self._made: dict[str, bytes | None] = {}

    def __call__(self, name: str) -> bytes | None:
        if name not in self._made:
            self._made[name] = self._picture(self._paths[name]) if name in self._paths else None
        return self._made[name]

    @staticmethod
    def _picture(path: Path) -> bytes | None:
        from core.refusal import Refused
        from imaging import read_radiograph, to_jpeg
        from imaging.person.text import without

        try:
            film = read_radiograph(path.read_bytes(), path.name)
        except (Refused, OSError):
            return None
        return to_jpeg(replace(film, pixels=without(film.pixels, film.suspected)), 480)
