"""Films that are offered for the worklist: read once, as cases that the policy chooses among."""

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from annotation.ledger import without_names
from annotation.policy import Offer
from annotation.remembered import Remembered, name_of, recall, remember
from core.mask import BitMask
from core.reading import Reading
from evidence.difficulty import priority

Read = Callable[[bytes, str, str], list[Reading]]  # as reading.read: bytes, name, recipe


@dataclass(frozen=True, eq=False)
class Offered:
    """A film that was offered. offer: the case it would be; None where the film was refused, and `refused` says why.

    rows: its lines of readings.jsonl without its name, one a limb that was read. outlines: what was drawn on each, by
    region, in the order of the rows. source: gives its bytes again.
    """

    name: str
    offer: Offer | None
    rows: tuple[dict[str, Any], ...]
    source: Callable[[], bytes]
    refused: str | None = None
    failed: bool = False
    outlines: tuple[dict[str, BitMask], ...] = ()

    @property
    def model(self) -> str:
        """`name@version` of what read it; empty where nothing did."""
        model = next((row["model"] for row in self.rows if row.get("model")), None)
        return f"{model['name']}@{model['version']}" if model else ""


def offered(
    home: Path,
    key: bytes,
    source: Callable[[], bytes],
    name: str,
    recipe: str,
    models: str,
    read: Read,
    second: Callable[[str], str | None],
    regions: Callable[[str], Collection[str]],
) -> Offered:
    """The film as a case, read now, or remembered from before.

    models: everything that an answer hangs on, names and versions. second: the recipe whose opinion is heard besides,
    where another reads such films too: where two disagree, the first is often wrong. regions: which outlines of a
    recipe experts are asked about, and may correct.
    """
    data = source()
    kept_as = name_of(data, f"{recipe} {models}", key)
    film = recall(home, kept_as)
    if film is None:
        film = _read(data, name, recipe, read, second, regions)
        if not any(row["status"] == "failed" for row in film.rows):  # a fault of the program may be mended
            remember(home, kept_as, film)
    return _offered(film, name, source)


def _read(
    data: bytes,
    name: str,
    recipe: str,
    read: Read,
    second: Callable[[str], str | None],
    regions: Callable[[str], Collection[str]],
) -> Remembered:
    readings = read(data, name, recipe)
    told = [one for one in readings if one.status == "read"]
    other = second(told[0].recipe) if told and told[0].recipe else None
    heard = read(data, name, other) if other else []
    return Remembered(
        tuple(_plain(one) for one in readings),
        embedding(told),
        tuple(_plain(one) for one in heard if one.status == "read"),
        tuple(outlines_of(one, regions(one.recipe) if one.recipe else ()) for one in readings),
    )


def outlines_of(reading: Reading, regions: Collection[str]) -> dict[str, BitMask]:
    """What the model drew of these regions on the film as uploaded."""
    return {one.name: BitMask.of(one.mask) for one in reading.regions if one.name in regions and one.mask.any()}


def embedding(readings: Sequence[Reading]) -> npt.NDArray[np.float16] | None:
    """What the network made of a film's limbs, float16 [L, D]; None where it says nothing of one of them."""
    limbs = [one.embedding for one in readings]
    if not limbs or any(one is None for one in limbs):
        return None
    return np.stack([np.asarray(one) for one in limbs]).astype(np.float16)


def _plain(reading: Reading) -> dict[str, Any]:
    """A line without the film's name; a refusal's sentence stays, for whoever offered the film."""
    return without_names(reading.row(), reading.case_id or "film")


def _offered(film: Remembered, name: str, source: Callable[[], bytes]) -> Offered:
    drawn = film.outlines or ({},) * len(film.rows)
    read = [(row, masks) for row, masks in zip(film.rows, drawn, strict=True) if _is_case(row)]
    rows = tuple(row for row, _ in read)
    if not rows:
        first = film.rows[0]
        why = (first.get("refusal") or {}).get("message") or "The program failed on this film."
        return Offered(name, None, (), source, why, first["status"] == "failed")
    other = {row["side"]: row["probabilities"] for row in film.second}
    judged = [priority(row["probabilities"], other.get(row["side"]), row["difficulty"]) for row in rows]
    reasons = [reason for row in rows for reason in (row["difficulty"] or {}).get("reasons", ())]
    reasons += [reason for one in judged for reason in one.reasons]
    offer = Offer(
        rows[0]["case_id"],
        rows[0]["recipe"],
        max(one.score for one in judged),
        tuple(dict.fromkeys(reasons)),
        film.embedding,
        name,
    )
    return Offered(name, offer, rows, source, outlines=tuple(masks for _, masks in read))


def _is_case(row: dict[str, Any]) -> bool:
    return bool(row["status"] == "read" and row["case_id"] and row["recipe"])
