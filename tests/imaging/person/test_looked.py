"""Where text stands is looked for once a film, whichever process asks, and never told of another film."""

import sqlite3
from pathlib import Path

import numpy as np
import pytest

from core.settings import settings
from imaging.person import looked
from imaging.person.looked import looked_at
from imaging.person.text import text_lines
from tests.imaging.person.test_text import virtual, written

FILM = np.linspace(0, 1, 64 * 80, dtype=np.float32).reshape(64, 80)
TOLD = [[[[1.5, 2.0]], True]]


@pytest.fixture(autouse=True)
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("OSTEOLENS_CACHE", str(tmp_path / "cache"))
    settings.cache_clear()
    return tmp_path / "cache"


class Look:
    def __init__(self, told: list = TOLD) -> None:
        self.told, self.times = told, 0

    def __call__(self, pixels: np.ndarray) -> list:
        self.times += 1
        return self.told


def test_a_film_is_looked_at_once(cache: Path) -> None:
    look = Look()
    assert looked_at(FILM, look) == looked_at(FILM.copy(), look) == TOLD
    assert look.times == 1
    assert (cache / "text.sqlite").stat().st_mode & 0o077 == 0


def test_another_film_is_looked_at_for_itself() -> None:
    look = Look()
    for film in (FILM, FILM + 1, FILM.T, FILM.astype(np.float64), FILM.reshape(80, 64)):
        looked_at(film, look)
    assert look.times == 5


def test_another_rule_forgets(monkeypatch: pytest.MonkeyPatch) -> None:
    looked_at(FILM, Look())
    monkeypatch.setattr(looked, "_rule", lambda: 7)
    look = Look([])
    assert looked_at(FILM, look) == []
    assert look.times == 1


def test_a_cache_that_cannot_be_used_costs_a_look_and_no_answer(cache: Path) -> None:
    cache.write_text("a file where the folder should be")
    look = Look()
    assert looked_at(FILM, look) == looked_at(FILM, look) == TOLD
    assert look.times == 2
    cache.unlink()
    cache.mkdir()
    (cache / "text.sqlite").write_bytes(b"no database" * 100)
    assert looked_at(FILM, look) == TOLD
    (cache / "text.sqlite").unlink()
    looked_at(FILM, look)
    with sqlite3.connect(cache / "text.sqlite") as kept:
        kept.execute("UPDATE looks SET told = '{broken'")
    assert looked_at(FILM, look) == TOLD


def test_what_is_remembered_is_what_was_seen() -> None:
    film, _ = written(virtual(), at=(250, 180), ink=255, outline=0)
    first, again = text_lines(film), text_lines(film)
    assert [line.certain for line in first] == [line.certain for line in again]
    assert any(line.certain for line in first)
    for one, other in zip(first, again, strict=True):
        np.testing.assert_array_equal(one.corners, other.corners)
