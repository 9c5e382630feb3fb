"""What one browser session keeps of its films."""

import hashlib

import pytest

from core.clinical import Clinical
from pages.parts.session import Film, Session
from tests.readings import a_reading

ONE, OTHER = Film("upload-1", "a.png", b"one film"), Film("upload-2", "b.png", b"another")


def read_as(session: Session, film: Film, age: float, recipe: str = "auto") -> None:
    key = session.key(film, Clinical(age), recipe)
    session.reading_of(film, key, lambda data, name: [a_reading()])
    session.packed_film(key)
    session.forget_all_but([ONE, OTHER])


def test_one_reading_a_film_is_kept_however_often_it_is_read_otherwise() -> None:
    session = Session()
    for age in range(60, 70):
        read_as(session, ONE, age)
        read_as(session, OTHER, age, "hip_vit")
    assert len(session.readings) == len(session.packed) == 2
    assert {key[1].age_years for key in session.readings} == {69}


def test_a_film_is_read_once_as_long_as_nothing_changes() -> None:
    session, read = Session(), []
    key = session.key(ONE, Clinical(70), "auto")
    for name in ("a.png", "renamed.png"):
        film = Film(ONE.id, name, ONE.data)
        (answer,) = session.reading_of(film, key, lambda data, name: read.append(name) or [a_reading()])
        assert answer.path == name
    assert read == ["a.png"]


def test_the_bytes_of_an_upload_are_hashed_once(monkeypatch: pytest.MonkeyPatch) -> None:
    hashed: list[bytes] = []
    real = hashlib.blake2b

    def noted(data: bytes, **options: int):  # type: ignore[no-untyped-def]
        hashed.append(data)
        return real(data, **options)

    session = Session()
    monkeypatch.setattr(hashlib, "blake2b", noted)
    for age in (60, 61, 62):
        session.key(ONE, Clinical(age), "auto")
        session.forget_all_but([ONE])
    assert hashed == [ONE.data]


def test_films_taken_away_are_forgotten() -> None:
    session = Session()
    read_as(session, ONE, 60)
    session.listed.add(session.key(ONE, Clinical(60), "auto"))
    session.forget_all_but([OTHER])
    assert [session.readings, session.packed, session.listed] == [{}, {}, set()]
    assert set(session.contents) == {OTHER.id}
