"""The front door: bytes of a file become a `Radiograph`, or a refusal that says why."""

from imaging.check import check
from imaging.export import to_png
from imaging.read import read_radiograph

__all__ = ["check", "read_radiograph", "to_png"]
