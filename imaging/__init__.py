"""The front door: bytes of a file become a `Radiograph`, or a refusal that says why."""

from imaging.checks import check
from imaging.deidentify import Deidentified, deidentified
from imaging.export import to_png
from imaging.folder import Outcome, deidentify_folder
from imaging.read import read_radiograph

__all__ = ["Deidentified", "Outcome", "check", "deidentified", "deidentify_folder", "read_radiograph", "to_png"]
