"""The training set as a folder that `datasets.load_dataset` opens offline: Parquet with the pictures in it, typed.

Written with pyarrow in the layout of `datasets`, whose own features stand in the files' schema: so `datasets` need not
be installed to export, and nothing is guessed when the folder is opened.
"""

import json
from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from annotation.export.rows import Row
from annotation.question.names import GRADE
from core.labels import CLASSES, OSTEOPOROSIS

if TYPE_CHECKING:
    import pyarrow as pa

Picture = Callable[[Row], bytes]  # PNG
SHARD_BYTES: Final = 400_000_000  # of pictures in one file
_GROUP: Final = 8  # rows that are read at once
_WORDS: Final = (
    "case_id", "patient", "side", "arm", "sex", "site", "view", "spacing_origin", "recipe", "certainty", "answered_at",
)  # fmt: skip
_NUMBERS: Final = ("age_years", "bmi", "spacing_row_mm", "spacing_column_mm")
_IMAGE: Final = {"_type": "Image"}


def write_dataset(folder: Path, rows: Sequence[Row], film: Picture, mask: Callable[[Row, str], bytes]) -> None:
    """Write `data/<split>-*.parquet` under folder.

    film: the film as it is kept, as PNG. mask: a region of a row, as PNG, white inside.
    """
    features = features_of(rows)
    for split in dict.fromkeys(row.split for row in rows):
        of_split = [row for row in rows if row.split == split]
        _write_split(folder / "data", split, features, (_values(row, features, film, mask) for row in of_split))


def features_of(rows: Iterable[Row]) -> dict[str, Any]:
    """The features of `datasets`, as its JSON; only regions, questions and grades that a row has."""
    rows = list(rows)
    regions = sorted({region for row in rows for region in row.masks})
    asked = sorted({name for row in rows for name in row.answers})
    settled = sorted({name for row in rows for name in row.facts if name.startswith("settled_")})
    features: dict[str, Any] = {"image": _IMAGE, "label": {"names": list(CLASSES), "_type": "ClassLabel"}}
    features |= {name: _value("string") for name in _WORDS}
    features |= {name: _value("float32") for name in _NUMBERS}
    features |= {"blind": _value("bool"), "readers": [_value("string")]}
    features |= {name: _value("int8") for name in asked}
    if any(row.answer.points for row in rows):
        features["landmarks"] = [{"name": _value("string"), "x": _value("float32"), "y": _value("float32")}]
    features |= {f"mask_{region}": _IMAGE for region in regions}
    return features | {name: _value("string") for name in settled}


def _value(kind: str) -> dict[str, str]:
    return {"dtype": kind, "_type": "Value"}


def _values(row: Row, features: dict[str, Any], film: Picture, mask: Callable[[Row, str], bytes]) -> dict[str, Any]:
    values: dict[str, Any] = {**row.facts, **row.answers, "readers": list(row.readers)}
    label = values["label"]
    values["label"] = None if label is None else CLASSES.index(label)
    values["image"] = {"bytes": film(row), "path": f"{row.case_id}.png"}
    values["landmarks"] = [{"name": name, "x": x, "y": y} for name, (x, y) in row.landmarks.items()]
    for region in row.masks:
        values[f"mask_{region}"] = {"bytes": mask(row, region), "path": f"{row.case_id}_{region}.png"}
    return {name: values.get(name) for name in features}


def _write_split(folder: Path, split: str, features: dict[str, Any], rows: Iterator[dict[str, Any]]) -> None:
    import pyarrow as pa
    import pyarrow.parquet as pq

    folder.mkdir(parents=True, exist_ok=True)
    schema = pa.schema([(name, _arrow(feature)) for name, feature in features.items()])
    schema = schema.with_metadata({"huggingface": json.dumps({"info": {"features": features}})})
    shards: list[Path] = []
    writer: pq.ParquetWriter | None = None
    some: list[dict[str, Any]] = []
    size = 0
    try:
        for row in rows:
            if writer is None or size > SHARD_BYTES:
                if writer is not None:
                    _put(writer, some, schema)
                    writer.close()
                shards.append(folder / f"{split}-{len(shards):05d}.parquet")
                writer, some, size = pq.ParquetWriter(shards[-1], schema), [], 0
            some.append(row)
            size += sum(len(value["bytes"]) for value in row.values() if isinstance(value, dict) and "bytes" in value)
            if len(some) == _GROUP:
                _put(writer, some, schema)
                some = []
        if writer is not None:
            _put(writer, some, schema)
    finally:
        if writer is not None:
            writer.close()
    for number, shard in enumerate(shards):
        shard.rename(folder / f"{split}-{number:05d}-of-{len(shards):05d}.parquet")


def _put(writer: Any, rows: list[dict[str, Any]], schema: "pa.Schema") -> None:
    import pyarrow as pa

    if rows:
        writer.write_table(pa.Table.from_pylist(rows, schema))


def _arrow(feature: Any) -> "pa.DataType":
    """How `datasets` lays a feature out."""
    import pyarrow as pa

    if isinstance(feature, list):
        return pa.list_(_arrow(feature[0]))
    match feature.get("_type"):
        case "Image":
            return pa.struct({"bytes": pa.binary(), "path": pa.string()})
        case "ClassLabel":
            return pa.int64()
        case "Value":
            return pa.type_for_alias(feature["dtype"])
    return pa.struct({name: _arrow(value) for name, value in feature.items()})


def said_of(features: Iterable[str]) -> dict[str, str]:
    """What a card says of each column, in order."""
    fixed = {
        "image": "the film as it was read, bone bright, 16 bits",
        "label": "the class: " + ", ".join(CLASSES),
        "case_id": "opaque name of the film: the same film has the same one on one installation",
        "patient": "pseudonym: the same for every film of one person",
        "side": "of the limb, R or L",
        "arm": "`control`: drawn at random and judged blind; `chosen`: by a policy, or because a person asked",
        "age_years": "90 for anyone older",
        "spacing_row_mm": "height of a pixel",
        "spacing_column_mm": "width of a pixel",
        "spacing_origin": "in which plane: `detector`, or `calibrated` or `marker` in the patient's",
        "certainty": "how sure the reader was, in the words offered; of several the least sure",
        "blind": "whether the readers answered without seeing the model's answer",
        "readers": "pseudonyms",
        "landmarks": "in pixels, the middle of the first one at 0; one that is not named is unknown",
        "fracture": "whether a vertebra is broken: 1 or 0",
        OSTEOPOROSIS: "whether the bone is osteoporotic: 1 or 0",
    }
    return {name: said for name in features if (said := fixed.get(name) or _said_of_kind(name))}


def _said_of_kind(name: str) -> str:
    if name.startswith("mask_"):
        return "white inside, pixel for pixel on `image`; none where the region is unknown, which is not absent"
    if name.startswith(f"{GRADE}_"):
        return "grade after Genant, 0 to 3"
    return "how it was settled" if name.startswith("settled_") else ""
