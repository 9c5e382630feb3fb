"""A visitor's open films: one is looked at, each is read once as long as nothing changes."""

from core.clinical import Clinical
from core.reading import Reading
from spaces.room import MOST_FILMS, NOTHING, Asked, Room
from tests.readings import a_reading


def reader(asked: list[tuple[str, Asked]]):  # type: ignore[no-untyped-def]
    def read(data: bytes, name: str, how: Asked) -> list[Reading]:
        asked.append((name, how))
        return [a_reading()]

    return read


def test_a_film_is_read_again_only_when_something_changed() -> None:
    asked: list[tuple[str, Asked]] = []
    room = Room().with_film("a.png", b"a")
    for how in (Asked("auto"), Asked("auto"), Asked("auto", Clinical(70)), Asked("auto", Clinical(70))):
        room = room.read(how, reader(asked), lambda _: None)
    assert [how.clinical.age_years for _, how in asked] == [None, 70]
    assert room.shown.answer


def test_looking_at_and_closing_films() -> None:
    room = Room().with_film("a.png", b"a").with_film("b.png", b"b").with_film("c.png", b"c")
    assert room.film is not None
    assert room.film.name == "c.png"
    room = room.looking_at(room.films[0].id)
    assert room.film is not None
    assert room.film.name == "a.png"
    room = room.without_opened()
    assert room.film is not None
    assert room.film.name == "c.png"
    assert room.without_opened().without_opened().shown == NOTHING


def test_the_oldest_film_makes_room() -> None:
    room = Room()
    for number in range(MOST_FILMS + 3):
        room = room.with_film(str(number), b"")
    assert [one.name for one in room.films][:1] == ["3"]
    assert len({one.id for one in room.films}) == MOST_FILMS
