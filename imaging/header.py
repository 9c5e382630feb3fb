"""The tags of one DICOM data set, read so that a broken value is a missing value."""

import math
import struct
import zlib
from typing import Final

import pydicom.config
from pydicom.dataset import Dataset
from pydicom.errors import BytesLengthException, InvalidDicomError

# pydicom's remarks on a bad value quote the value, which may be a name: nothing of them may reach a log.
pydicom.config.settings.reading_validation_mode = pydicom.config.IGNORE
pydicom.config.logger.setLevel("CRITICAL")

# What pydicom raises on bytes that are not what their tags claim.
PARSING_FAULTS: Final = (
    InvalidDicomError,
    BytesLengthException,
    ArithmeticError,
    AssertionError,
    AttributeError,
    EOFError,
    LookupError,
    MemoryError,
    NotImplementedError,
    OSError,
    RecursionError,
    RuntimeError,
    TypeError,
    ValueError,
    struct.error,
    zlib.error,
)


class Header:
    """Typed answers from a data set: None where a tag is absent, empty, or not what its name promises."""

    def __init__(self, dataset: Dataset) -> None:
        self.dataset = dataset

    def value(self, keyword: str) -> object:
        try:
            found = self.dataset.get(keyword)
        except PARSING_FAULTS:
            return None
        return None if found is None or found == "" else found

    def texts(self, keyword: str) -> tuple[str, ...]:
        found = self.value(keyword)
        if found is None:
            return ()
        parts = found if isinstance(found, (list, tuple)) or _is_multiple(found) else [found]
        return tuple(text for text in (str(part).strip(" \0") for part in parts) if text)  # type: ignore[attr-defined]

    def text(self, keyword: str) -> str | None:
        found = self.texts(keyword)
        return found[0] if found else None

    def numbers(self, keyword: str) -> tuple[float, ...]:
        """Every value as a finite float, or () if any of them is none."""
        try:
            found = tuple(float(part) for part in self.texts(keyword))
        except ValueError:
            return ()
        return found if all(map(math.isfinite, found)) else ()

    def number(self, keyword: str) -> float | None:
        found = self.numbers(keyword)
        return found[0] if found else None

    def whole(self, keyword: str) -> int | None:
        found = self.number(keyword)
        return int(found) if found is not None and found == int(found) else None

    def items(self, keyword: str) -> tuple["Header", ...]:
        """The items of a sequence."""
        found = self.value(keyword)
        try:
            return tuple(Header(item) for item in found if isinstance(item, Dataset))  # type: ignore[attr-defined]
        except PARSING_FAULTS:
            return ()


def _is_multiple(value: object) -> bool:
    return type(value).__name__ == "MultiValue"
