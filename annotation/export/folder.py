"""Writing a training set: whole, or not at all."""

import csv
import json
import secrets
import shutil
from collections import Counter
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from glob import escape
from io import BytesIO
from pathlib import Path
from typing import Any, Final

from filelock import FileLock, Timeout
from PIL import Image

from annotation.export.card import data_card
from annotation.export.dataset import write_dataset
from annotation.export.rows import TEST, Row, gather
from annotation.films import Kept, kept_path
from annotation.ledger import Ledger
from annotation.question import Question
from annotation.readers import Settled
from core.radiograph import Radiograph

MANIFEST: Final = "manifest.csv"
ABOUT: Final = "export.json"
OURS: Final = frozenset({MANIFEST, ABOUT, "films", "masks", "dataset"})
_LOCK: Final = ".lock"
_LEADING: Final = ("path", "patient", "label", "side", "split", "arm", "case_id")

Tell = Callable[[str, int, int], None]


class ExportFault(Exception):
    """Nothing can be exported, or not to that place; the message is one sentence for a person."""


@dataclass(frozen=True)
class Exported:
    """A training set that was written. rows, splits and labels are counts of rows; left_out of cases or sides."""

    manifest: Path
    dataset: Path
    recipe: str
    rows: int
    films: int
    patients: int
    splits: Mapping[str, int]
    labels: Mapping[str, int]
    masks: Mapping[str, int]
    left_out: Mapping[str, int]
    unsettled: Mapping[str, int]

    def as_json(self) -> dict[str, Any]:
        """Plain JSON values, without the places on this machine."""
        return {name: value for name, value in vars(self).items() if name not in ("manifest", "dataset")}


def export(
    truths: Sequence[Settled],
    ledger: Ledger,
    home: Path,
    question: Question,
    out: Path,
    film_file: Callable[[Radiograph], bytes],
    key_name: str,
    taught: Collection[str] = (),
    control_tests: bool = True,
    tell: Tell | None = None,
) -> Exported:
    """Write the training set of a recipe into `out`, in place of one that an earlier export left there.

    truths: of the cases of that recipe. film_file: a film as a DICOM file. key_name: of the key that the patients'
    pseudonyms are made with. taught, control_tests: see annotation.export.rows. Raises ExportFault where no case is
    settled, or `out` holds other files.
    """
    rows, left_out = gather(truths, ledger, home, question, taught, control_tests)
    if not rows:
        said = "; ".join(f"{count} times: {why}" for why, count in left_out.most_common()) or "there is no case"
        raise ExportFault(f"No answer to {question.recipe} is settled ({said}), expected one; pull answers first")
    _refuse_others(out)
    with _whole(out) as draft:
        films = dict.fromkeys(row.case_id for row in rows)
        for done, case_id in enumerate(films, start=1):
            _write(draft / "films" / f"{case_id}.dcm", film_file(Kept.load(home, case_id).film))
            if tell is not None:
                tell("writing films", done, len(films))
        for row in rows:
            for region in row.masks:
                _write(draft / _mask_name(row, region), mask_png(row, region))
        _write_manifest(draft / MANIFEST, rows, key_name)
        if tell is not None:
            tell("writing the dataset", 0, 1)
        write_dataset(draft / "dataset", rows, partial(_film_png, home), mask_png)
        if tell is not None:
            tell("writing the dataset", 1, 1)
        card = data_card(question.recipe, question.about, rows, left_out)
        _write(draft / "dataset" / "README.md", card.encode())
        exported = _summary(out, question.recipe, rows, left_out)
        _write(draft / ABOUT, (json.dumps(exported.as_json(), indent=1, ensure_ascii=False) + "\n").encode())
    return exported


def mask_png(row: Row, region: str) -> bytes:
    """A region of a row as PNG, 8 bits, white inside."""
    stream = BytesIO()
    Image.fromarray(row.masks[region].pixels()).convert("L").save(stream, "PNG")
    return stream.getvalue()


def _film_png(home: Path, row: Row) -> bytes:
    return kept_path(home, row.case_id).read_bytes()


def _mask_name(row: Row, region: str) -> str:
    return f"masks/{'_'.join(filter(None, (row.case_id, row.answer.side, region)))}.png"


def _write_manifest(path: Path, rows: Sequence[Row], key_name: str) -> None:
    """A row a line. Where nothing is kept for a test no split is given, so that a training may draw its own."""
    tests = any(row.split == TEST for row in rows)
    lines: list[dict[str, Any]] = []
    for row in rows:
        facts = row.facts | {"blind": {True: 1, False: 0, None: None}[row.blind]}
        line = {
            "path": f"films/{row.case_id}.dcm",
            **facts,
            **row.answers,
            **{f"mask_{region}": _mask_name(row, region) for region in row.masks},
            "readers": " ".join(row.readers),
            "patient_key": key_name,
        }
        if not tests:
            del line["split"]
        if row.answer.points:
            line["landmarks"] = json.dumps(row.landmarks)
        lines.append(line)
    names = dict.fromkeys(name for line in lines for name in line)
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.DictWriter(
            file,
            sorted(names, key=lambda name: _LEADING.index(name) if name in _LEADING else len(_LEADING)),
            restval="",
        )
        writer.writeheader()
        writer.writerows(lines)


def _summary(out: Path, recipe: str, rows: Sequence[Row], left_out: Counter[str]) -> Exported:
    return Exported(
        manifest=out / MANIFEST,
        dataset=out / "dataset",
        recipe=recipe,
        rows=len(rows),
        films=len({row.case_id for row in rows}),
        patients=len({row.film.patient for row in rows}),
        splits=dict(Counter(row.split for row in rows)),
        labels=dict(Counter(label for row in rows if (label := row.facts["label"]))),
        masks=dict(Counter(region for row in rows for region in row.masks)),
        left_out={str(why): count for why, count in left_out.most_common()},
        unsettled=dict(Counter(part for row in rows for part in row.truth.differs)),
    )


def _write(path: Path, data: bytes) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(data)


def _refuse_others(out: Path) -> None:
    """Raises ExportFault where the folder holds what no export wrote: nothing of it is ours to take away."""
    if not out.exists():
        return
    if not out.is_dir():
        raise ExportFault(f"{out} is a file, expected a folder; name another")
    found = {one.name for one in out.iterdir()}
    strange = sorted(found - OURS) if ABOUT in found else sorted(found)
    if strange:
        raise ExportFault(
            f"{out} holds {', '.join(strange[:3])}, which no export wrote, expected a new folder or one of an earlier "
            "export; name another, or move them away"
        )


@contextmanager
def _whole(out: Path) -> Iterator[Path]:
    """A folder beside `out` that takes its place once all was written. What a killed export left is taken away."""
    out.parent.mkdir(parents=True, exist_ok=True)
    for left in out.parent.glob(f".{escape(out.name)}.*.part"):
        _sweep(left)
    draft = out.with_name(f".{out.name}.{secrets.token_hex(8)}.part")
    draft.mkdir()
    try:
        with FileLock(draft / _LOCK):
            yield draft
        (draft / _LOCK).unlink(missing_ok=True)
        before = draft.with_suffix(".before.part")
        if out.exists():
            out.rename(before)
        try:
            draft.rename(out)
        except OSError:
            if before.exists():
                before.rename(out)
            raise
        shutil.rmtree(before, ignore_errors=True)
    finally:
        shutil.rmtree(draft, ignore_errors=True)


def _sweep(left: Path) -> None:
    """Take away what an export left, unless it is still being written."""
    try:
        with FileLock(left / _LOCK, timeout=0):
            pass
    except (Timeout, OSError):
        return
    shutil.rmtree(left, ignore_errors=True)
