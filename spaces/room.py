"""The films that one visitor has open, and what is shown of them."""

import json
from collections.abc import Callable
from dataclasses import dataclass, field, replace

from core.clinical import Clinical
from core.model_facts import ModelSummary
from core.reading import Reading
from present.answer import film_html
from present.download import json_lines
from present.viewer import viewer_data
from present.wording import film_verdict

MOST_FILMS = 20  # open at once by one visitor; the oldest make room

Read = Callable[[bytes, str, "Asked"], list[Reading]]
CardOf = Callable[[Reading], ModelSummary | None]


@dataclass(frozen=True)
class Asked:
    """How a film is to be read: by which recipe, of whom, and the edge of its pixels in mm where a person gave it."""

    recipe: str
    clinical: Clinical = field(default_factory=Clinical)
    pixel_mm: float | None = None


@dataclass(frozen=True)
class Shown:
    """One film's answer as the page shows it: the viewer's data, the panel, lines of JSON, a verdict for the list."""

    viewer: str
    answer: str
    lines: str
    verdict: str

    @classmethod
    def of(cls, readings: list[Reading], card_of: CardOf) -> "Shown":
        return cls(
            json.dumps(viewer_data(readings)),
            film_html(readings, card_of),
            json_lines(readings),
            film_verdict(readings),
        )


NOTHING = Shown("", "", "", "")


@dataclass(frozen=True)
class Film:
    """A film as it came, and its last answer."""

    id: int
    name: str
    data: bytes = field(repr=False)
    asked: Asked | None = None
    shown: Shown = field(default=NOTHING, repr=False)


@dataclass(frozen=True)
class Room:
    """A visitor's open films, oldest first. Held in the server's memory until the visitor leaves, written nowhere."""

    films: tuple[Film, ...] = ()
    opened: int | None = None  # the id of the film that is looked at
    made: int = 0

    def with_film(self, name: str, data: bytes) -> "Room":
        """One more film, which is now looked at."""
        film = Film(self.made, name, data)
        return Room((*self.films, film)[-MOST_FILMS:], film.id, self.made + 1)

    def looking_at(self, id: int) -> "Room":
        return replace(self, opened=id)

    def without_opened(self) -> "Room":
        """The film that is looked at is closed; the last of the others comes into view."""
        films = tuple(one for one in self.films if one.id != self.opened)
        return replace(self, films=films, opened=films[-1].id if films else None)

    def read(self, asked: Asked, read: Read, card_of: CardOf) -> "Room":
        """The film that is looked at read as asked, unless its answer is that already."""
        film = self.film
        if film is None or film.asked == asked:
            return self
        done = replace(film, asked=asked, shown=Shown.of(read(film.data, film.name, asked), card_of))
        return replace(self, films=tuple(done if one.id == film.id else one for one in self.films))

    @property
    def film(self) -> Film | None:
        return next((one for one in self.films if one.id == self.opened), None)

    @property
    def shown(self) -> Shown:
        return self.film.shown if self.film else NOTHING
