"""The front door: bytes of a file become a `Radiograph`, or a refusal that says why.

What is exported here is imported when it is first used: readers of files load many libraries, and those who only need
a preprocessing need none of them.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from imaging.checks import check
    from imaging.files.export import to_dicom, to_jpeg, to_png
    from imaging.files.folder import Outcome, deidentify_folder
    from imaging.files.marked import marked
    from imaging.person.deidentify import Deidentified, deidentified
    from imaging.read import read_radiograph

_WHERE = {
    "Deidentified": "imaging.person.deidentify",
    "Outcome": "imaging.files.folder",
    "check": "imaging.checks",
    "deidentified": "imaging.person.deidentify",
    "deidentify_folder": "imaging.files.folder",
    "marked": "imaging.files.marked",
    "read_radiograph": "imaging.read",
    "to_dicom": "imaging.files.export",
    "to_jpeg": "imaging.files.export",
    "to_png": "imaging.files.export",
}

__all__ = [
    "Deidentified",
    "Outcome",
    "check",
    "deidentified",
    "deidentify_folder",
    "marked",
    "read_radiograph",
    "to_dicom",
    "to_jpeg",
    "to_png",
]


def __getattr__(name: str) -> Any:
    if name not in _WHERE:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(_WHERE[name]), name)
