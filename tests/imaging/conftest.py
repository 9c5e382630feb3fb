"""The real films, where they are at hand."""

from pathlib import Path

import pytest

from core.settings import settings


@pytest.fixture(scope="session")
def films() -> Path:
    """The folder of real films."""
    folder = settings().data
    if not folder.is_dir():
        pytest.skip(f"the real films are not here: OSTEOLENS_DATA names {folder.name!r}, which is no folder")
    return folder
