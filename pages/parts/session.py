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
    """What the session keeps: the samples that were opened, and each film's readings by content, so that a click on a
    button reads nothing anew."""

    samples: list[str] = field(default_factory=list)
    readings: dict[Key, list[Reading]] = field(default_factory=dict)
    listed: set[Key] = field(default_factory=set)  # offered to the worklist already
    packed: dict[Key, dict[str, Any] | None] = field(default_factory=dict)  # for the viewer
    known: set[str] = field(default_factory=set)  # films that were there when the page was last drawn

    def key(self, film: Film, clinical: Clinical, recipe: str, pixel_mm: float | None = None) -> Key:
        return hashlib.blake2b(film.data, digest_size=16).hexdigest(), clinical, recipe, pixel_mm

    def reading_of(self, film: Film, key: Key, read: Callable[[bytes, str], list[Reading]]) -> list[Reading]:
        """The film's readings under its own name; `read` is called only for bytes not seen in this session."""
        if key not in self.readings:
            self.readings[key] = read(film.data, film.name)
        return [reading.named(film.name) for reading in self.readings[key]]

    def packed_film(self, key: Key) -> dict[str, Any] | None:
        """What the viewer needs of a film with all its limbs, packed once: a large film takes a second."""
        if key not in self.packed:
            self.packed[key] = viewer_data(self.readings[key])
        return self.packed[key]

    def forget_all_but(self, films: list[Film]) -> None:
        """Let go of what belongs to films that were taken away."""
        keep = {self.key(film, Clinical(), "")[0] for film in films}
        self.readings = {key: value for key, value in self.readings.items() if key[0] in keep}
        self.listed = {key for key in self.listed if key[0] in keep}
        self.packed = {key: data for key, data in self.packed.items() if key[0] in keep}


def session() -> Session:
    """This browser session's own."""
    if "reading_room" not in st.session_state:
        st.session_state.reading_room = Session()
    return st.session_state.reading_room
