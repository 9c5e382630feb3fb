"""The films of one browser session, and their readings. Gone when the session ends; nothing here is written down."""

import hashlib
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import streamlit as st

from core.clinical import Clinical
from core.reading import Reading
from present.viewer import viewer_data

# A film's content, what was said of the person, the recipe it is read with, and the edge of a pixel where one was given
Key = tuple[str, Clinical, str, float | None]


@dataclass(frozen=True)
class Film:
    """One film a person put in. `id` tells two films of one name apart; `name` is for that person's eyes alone."""

    id: str
    name: str
    data: bytes


@dataclass
class Session:
    """What the session keeps: the samples that were opened, and the last readings of each film by content, so that a
    click on a button reads nothing anew.

    One entry a film: its readings hold the film, its maps and its masks at full size, up to a gigabyte for the largest
    film. Another age, recipe or pixel size takes the place of the one before.
    """

    samples: list[str] = field(default_factory=list)
    readings: dict[Key, list[Reading]] = field(default_factory=dict)
    listed: set[Key] = field(default_factory=set)  # offered to the worklist already
    packed: dict[Key, dict[str, Any] | None] = field(default_factory=dict)  # for the viewer
    known: set[str] = field(default_factory=set)  # films that were there when the page was last drawn
    contents: dict[str, str] = field(default_factory=dict)  # a film's id -> the hash of its bytes, worked out once

    def key(self, film: Film, clinical: Clinical, recipe: str, pixel_mm: float | None = None) -> Key:
        return self._content(film), clinical, recipe, pixel_mm

    def _content(self, film: Film) -> str:
        """An upload's id stands for its bytes: another file, or the same one put in again, has another id."""
        if film.id not in self.contents:
            self.contents[film.id] = hashlib.blake2b(film.data, digest_size=16).hexdigest()
        return self.contents[film.id]

    def reading_of(self, film: Film, key: Key, read: Callable[[bytes, str], list[Reading]]) -> list[Reading]:
        """The film's readings under its own name; `read` is called where the last ones are not those of this key."""
        if key not in self.readings:
            for kept in (self.readings, self.packed):
                for other in [one for one in kept if one[0] == key[0]]:
                    del kept[
                        other
                    ]  # before the film is read: two readings of a large one are more than some machines have
            self.readings[key] = read(film.data, film.name)
        return [reading.named(film.name) for reading in self.readings[key]]

    def packed_film(self, key: Key) -> dict[str, Any] | None:
        """What the viewer needs of a film with all its limbs, packed once: a large film takes a second."""
        if key not in self.packed:
            self.packed[key] = viewer_data(self.readings[key])
        return self.packed[key]

    def forget_readings(self) -> None:
        """Let go of every reading, so that the films are read anew by the versions that read now."""
        self.readings, self.packed, self.listed = {}, {}, set()

    def forget_all_but(self, films: list[Film]) -> None:
        """Let go of what belongs to films that were taken away."""
        self.contents = {film.id: self._content(film) for film in films}
        keep = set(self.contents.values())
        self.readings = {key: value for key, value in self.readings.items() if key[0] in keep}
        self.listed = {key for key in self.listed if key[0] in keep}
        self.packed = {key: data for key, data in self.packed.items() if key[0] in keep}


def session() -> Session:
    """This browser session's own."""
    if "reading_room" not in st.session_state:
        st.session_state.reading_room = Session()
    return st.session_state.reading_room
