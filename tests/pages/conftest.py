"""What every test of a page may ask for."""

import pytest

from core.reading import Reading
from tests.readings import hip_film, hip_readings


@pytest.fixture(autouse=True)
def _no_label_studio(monkeypatch: pytest.MonkeyPatch) -> None:
    """Not the developer's own: a setting in the environment goes before the file .env."""
    monkeypatch.setenv("OSTEOLENS_LABEL_STUDIO_URL", "")
    monkeypatch.setenv("OSTEOLENS_LABEL_STUDIO_TOKEN", "")


@pytest.fixture
def two_hips(monkeypatch: pytest.MonkeyPatch) -> list[Reading]:
    """Whatever film is opened, a pelvis with both hips outlined comes back; which recipe was asked for is kept."""
    readings = hip_readings(*hip_film())
    monkeypatch.setattr("reading.read", lambda data, name, **rest: [one.named(name) for one in readings])
    return readings
