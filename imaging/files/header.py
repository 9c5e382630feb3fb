"""The tags of one DICOM data set, read so that a broken value is a missing value."""

import math
import re
import struct
import zlib
from typing import Final

import pydicom.config
from pydicom.datadict import dictionary_VR, tag_for_keyword
from pydicom.dataelem import DataElement, RawDataElement
from pydicom.dataset import Dataset
from pydicom.errors import BytesLengthException, InvalidDicomError
from pydicom.tag import BaseTag

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


_DECIMAL_COMMA: Final = re.compile(rb"(?<=\d),(?=\d)")
# Where an enhanced object keeps what others have at the top of their data set (PS3.3 C.7.6.16.2, C.8.19.6).
_MACROS: Final = (
    "FrameVOILUTSequence",
    "PixelValueTransformationSequence",
    "PixelMeasuresSequence",
    "FramePixelDataPropertiesSequence",
    "FrameAnatomySequence",
    "FrameDisplayShutterSequence",
    "PatientOrientationInFrameSequence",
    "XAXRFFrameCharacteristicsSequence",
)


class Header:
    """Typed answers from a data set: None where a tag is absent, empty, or not what its name promises.

    beyond: data sets that are asked in their order for what this one does not say.
    """

    def __init__(self, dataset: Dataset, beyond: "tuple[Header, ...]" = ()) -> None:
        self.dataset = dataset
        self.beyond = beyond

    def of_frame(self, frame: int) -> "Header":
        """The same header with what an enhanced object says in its functional groups, of this frame and of all."""
        each = self.items("PerFrameFunctionalGroupsSequence")
        groups = each[frame : frame + 1] + self.items("SharedFunctionalGroupsSequence")[:1]
        macros = tuple(item for group in groups for macro in _MACROS for item in group.items(macro)[:1])
        return Header(self.dataset, macros) if macros else self

    def value(self, keyword: str) -> object:
        found = self._own(keyword)
        for header in self.beyond:
            if found is not None:
                break
            found = header.value(keyword)
        return found

    def _own(self, keyword: str) -> object:
        tag = tag_for_keyword(keyword)
        try:
            found = element_of(self.dataset, BaseTag(tag)).value if tag is not None and tag in self.dataset else None
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


def element_of(dataset: Dataset, tag: BaseTag) -> DataElement:
    """The element as pydicom parses it; a decimal comma (0,25) in a number that it cannot parse is read as a point.

    Raises one of PARSING_FAULTS where the value is not what its type promises.
    """
    raw = dataset.get_item(tag)
    if not isinstance(raw, RawDataElement) or not isinstance(raw.value, bytes) or b"," not in raw.value:
        return dataset[tag]
    if (raw.VR or dictionary_VR(tag)) == "DS":
        dataset[tag] = raw._replace(value=_DECIMAL_COMMA.sub(b".", raw.value))
    return dataset[tag]


def _is_multiple(value: object) -> bool:
    return type(value).__name__ == "MultiValue"
