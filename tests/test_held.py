"""A film that may show a name, from its reading to what a person decides: held, let go, painted over, taken out."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

import learning
from annotation.films import Kept, film_path
from annotation.push import push
from annotation.state import State
from core.reading import Reading
from core.settings import settings
from imaging.person.text import without
from tests.readings import a_film, a_reading

BOX = (5, 30, 35, 40)


def held_reading() -> Reading:
    return a_reading(radiograph=replace(a_film(), suspected=(BOX,)))


@pytest.fixture
def held(home: Path) -> str:
    one = held_reading()
    assert learning.enqueue(one, "requested")
    assert one.case_id is not None
    return one.case_id


def state() -> State:
    (entry,) = learning.worklist()
    return entry.state


def test_a_film_that_may_show_a_name_is_held_and_no_push_takes_it(held: str, home: Path) -> None:
    assert state() == State.HELD
    assert learning.waiting() == []
    steps = push(learning.ledger(), None, "Osteolens", home, learning.question)  # type: ignore[arg-type]
    assert list(steps) == []  # nothing is sent, nobody is asked


def test_a_film_let_go_waits_as_it_is(held: str) -> None:
    before = learning.film_png(held)
    assert learning.held_png(held) != before
    assert learning.release(held) == 1
    assert state() == State.WAITING
    assert learning.film_png(held) == before


def test_what_a_person_says_is_text_is_gone_from_every_film_that_is_kept(held: str) -> None:
    before = Kept.load(settings().home, held).pixels
    shown = learning.film_png(held)
    learning.release(held, paint=True)
    assert state() == State.WAITING
    after = Kept.load(settings().home, held).pixels
    np.testing.assert_allclose(after, without(before, (BOX,)), atol=1e-4)
    assert learning.film_png(held) != shown


def test_a_film_taken_out_is_deleted_and_comes_back_only_when_a_person_asks(held: str, home: Path) -> None:
    picture = learning.held_picture(held)
    assert picture.exists()
    assert learning.drop(held) == 1
    assert state() == State.DROPPED
    assert not film_path(home, held).exists()
    assert not list((home / "films").glob(f"{held}*"))
    assert not picture.exists()
    learning.enqueue(held_reading(), "requested")
    assert state() == State.HELD


def test_only_held_films_can_be_decided(held: str) -> None:
    learning.release(held)
    for decide in (learning.release, learning.drop, learning.held_png):
        with pytest.raises(ValueError, match="no film is held"):
            decide(held)
