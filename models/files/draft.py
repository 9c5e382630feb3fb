"""A folder that comes into being whole or not at all."""

import re
import shutil
from pathlib import Path
from uuid import uuid4

from models.files.plain import BundleError

NAME = re.compile(r"[a-z][a-z0-9_]*")
VERSION = re.compile(r"\d+\.\d+\.\d+")


def free(name: str, version: str, root: Path) -> Path:
    """The folder of a version that is not there yet. Raises BundleError for one that is, or for a name that is none."""
    if not NAME.fullmatch(name) or not VERSION.fullmatch(version):
        raise BundleError(f"found {name}@{version}, expected a name like hip_vit and a version like 1.0.0")
    folder = root / name / version
    if folder.exists():
        raise BundleError(f"{folder} exists already and a version never changes; give the bundle a new version")
    return folder


class Draft:
    """A folder that is written beside its place and takes it in one step, so that nobody ever sees half of it."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.draft = folder.parent / f".{folder.name}.{uuid4().hex[:8]}"  # hidden: no listing takes it for a version

    def __enter__(self) -> Path:
        self.draft.mkdir(parents=True)
        return self.draft

    def __exit__(self, fault: object, *_: object) -> None:
        if fault is None:
            try:
                self.draft.rename(self.folder)
            except OSError as taken:
                shutil.rmtree(self.draft, ignore_errors=True)
                raise BundleError(
                    f"{self.folder} exists already and a version never changes; give the bundle a new version"
                ) from taken
        else:
            shutil.rmtree(self.draft, ignore_errors=True)
