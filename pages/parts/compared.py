"""The film with what each reader and the model drew on it."""

from collections.abc import Sequence
from typing import Any

import streamlit as st

from annotation.answers import to_pixels
from annotation.films import Kept
from annotation.readers.drawn import Drawn, lines_of
from annotation.readers.opened import Opened
from core.case import LabeledCase
from core.settings import settings
from pages.parts.film_viewer import film_viewer
from present.colours import MODEL, READERS, SETTLED
from present.reviewing import side_title
from present.viewer.compared import Drawing, compared_data, packed


@st.cache_data(max_entries=6, show_spinner="Opening the film")
def film_of(case_id: str) -> tuple[str, str, int, int]:
    """The film of a case as the viewer takes it; it carries no name, so sessions may share it."""
    return packed(Kept.load(settings().home, case_id).pixels)


def show_film(opened: Opened, site: str) -> None:
    """The film in the viewer, a switch a reader."""
    film = opened.film
    spacing = (film.spacing_mm[1] if film.spacing_mm else None, film.spacing_origin)
    limbs = {side or "": side_title(side, site) for side in opened.sides}
    data = compared_data(
        film_of(opened.entry.case_id), film.width, spacing, limbs, drawings(opened), f"Case {opened.entry.case_id[:8]}"
    )
    film_viewer(data, key="reviewed-film")


def drawings(opened: Opened) -> list[Drawing]:
    """What each of them drew, the settled outlines first, so that they lie on the others."""
    by_letter: dict[str, dict[str | None, LabeledCase]] = {}
    for side, votes in opened.votes.items():
        for vote in votes:
            by_letter.setdefault(vote.letter, {})[side] = vote.answer
    settled = {one.side: one.answer for one in opened.truths if one.answer is not None}
    shown = [
        (f"reader-{letter}", f"Reader {letter}", READERS[place % len(READERS)], answers)
        for place, (letter, answers) in enumerate(sorted(by_letter.items()))
    ]
    several = len(by_letter) > 1 or any("adjudicated" in one.how.values() for one in opened.truths)
    found = [
        *([_drawing("settled", "Settled", SETTLED, settled, opened)] if settled and several else []),
        *(_drawing(name, title, colour, answers, opened) for name, title, colour, answers in shown),
        _drawing("model", "Model", MODEL, dict(opened.model), opened),
    ]
    return [one for one in found if one.told]


def _drawing(
    name: str,
    title: str,
    look: tuple[str, Sequence[float]],
    answers: dict[str | None, LabeledCase],
    opened: Opened,
) -> Drawing:
    size = opened.film.width, opened.film.height
    pieces: dict[str, list[Any]] = {}
    marks: dict[str, Any] = {}
    told: dict[str, str] = {}
    for side, answer in answers.items():
        regions = dict.fromkeys([*answer.masks, *answer.outlines])
        drawn = [one for region in regions if (one := Drawn.by(answer, region)) is not None]
        pieces[side or ""] = [line for one in drawn for line in lines_of(one, size)]
        marks[side or ""] = to_pixels(tuple(answer.points.values()), *size)
        counted = [(len(regions), "region"), (len(answer.points), "point")]
        said = ", ".join(f"{number} {what}{'s' * (number > 1)}" for number, what in counted if number)
        if said:
            told[side or ""] = said
    return Drawing(name, title, look[0], tuple(look[1]), pieces, marks, told)
