"""Which recipe reads a film, and what is turned away: what the file says goes before what the film looks like."""

from dataclasses import replace
from typing import Any, cast

import numpy as np
import pytest

from anatomy.limb import Limb
from core.radiograph import Radiograph
from core.reading import Reading
from core.refusal import Refused
from recipes import by_name
from recipes.route import choose, guard, seen_as
from recipes.seen import Seen
from recipes.view import OTHER, VIEWS

HIP = by_name("hip_vit")
KNEE = replace(by_name("knee_resnet"), finder=None)  # read by whatever comes; a finder of its own would be asked
ABLE = (HIP, KNEE)


def film(**said: Any) -> Radiograph:
    return Radiograph(np.zeros((8, 8), np.float32), "case", **said)


def seen(name: str, sure: float = 0.95, strange: bool = False) -> Seen:
    rest = (1 - sure) / (len(VIEWS) - 1)
    return Seen({view: sure if view == name else rest for view in VIEWS}, strange)


LIMB = cast(Limb, object())


def no_limb(_: str) -> list[Limb]:
    return []


def a_limb(_: str) -> list[Limb]:
    return [LIMB]


@pytest.mark.parametrize(("looks", "recipe"), [("hip_ap", HIP), ("knee_ap", KNEE)])
def test_a_film_that_says_nothing_goes_where_it_looks_like(looks: str, recipe: object) -> None:
    assert choose(film(), seen(looks), ABLE, no_limb) is recipe


@pytest.mark.parametrize(
    ("looks", "code"), [(OTHER, "wrong_site"), ("spine_lateral", "wrong_site"), ("hip_lateral", "wrong_view")]
)
def test_a_film_that_looks_like_nothing_that_is_read_is_refused_with_what_it_looks_like(looks: str, code: str) -> None:
    with pytest.raises(Refused) as refused:
        choose(film(), seen(looks), ABLE, no_limb)
    assert refused.value.refusal.code == code
    assert seen(looks).in_words in refused.value.refusal.message


@pytest.mark.parametrize(("found", "recipe"), [(True, HIP), (False, KNEE)])
@pytest.mark.parametrize("looks", [None, seen("hip_ap", 0.4)])
def test_where_nobody_is_sure_the_finder_of_hips_is_the_witness(
    looks: Seen | None, found: bool, recipe: object
) -> None:
    assert choose(film(), looks, ABLE, a_limb if found else no_limb) is recipe


@pytest.mark.parametrize("looks", [*map(seen, VIEWS), seen("knee_ap", strange=True), None])
def test_a_film_on_which_hips_are_found_is_a_hip_whatever_it_looks_like(looks: Seen | None) -> None:
    assert choose(film(), looks, ABLE, lambda one: [LIMB] * (one == HIP.finder)) is HIP
    notices = guard(film(), HIP, looks, a_limb)
    outweighed = looks is not None and looks.sure and looks.name != "hip_ap"
    assert [one.code for one in notices if one.code == "view_contradicted"] == ["view_contradicted"] * outweighed


def test_the_file_s_word_goes_before_the_look() -> None:
    assert choose(film(site="knee", view="ap"), seen("hip_ap"), ABLE, no_limb) is KNEE
    (notice,) = guard(film(site="hip", view="ap"), HIP, seen("knee_ap"), no_limb)
    assert notice.code == "view_contradicted"
    assert guard(film(site="hip", view="ap"), HIP, seen("hip_ap"), no_limb) == []


@pytest.mark.parametrize(
    ("said", "looks", "code"),
    [
        ({"site": "chest"}, None, "wrong_site"),
        ({"site": "hip", "view": "lateral"}, None, "wrong_view"),
        ({}, seen("knee_ap"), "wrong_site"),
        ({}, seen("hip_lateral"), "wrong_view"),
        ({}, seen("hip_ap", strange=True), "wrong_site"),
    ],
)
def test_what_a_recipe_was_not_made_for_is_turned_away(said: dict[str, Any], looks: Seen | None, code: str) -> None:
    with pytest.raises(Refused) as refused:
        guard(film(**said), HIP, looks, no_limb)
    assert refused.value.refusal.code == code
    assert refused.value.refusal.message.endswith(".")


def test_without_a_word_or_a_sure_look_the_reader_is_asked_to_make_sure() -> None:
    for looks in (None, seen("knee_ap", 0.5)):
        (notice,) = guard(film(), HIP, looks, no_limb)
        assert notice.code == "view_not_stated"


def test_a_reading_carries_the_view_and_how_sure_it_is() -> None:
    read, refused = Reading("a", "read", recipe="hip_vit"), Reading("a", "refused")
    assert seen_as(read, HIP, None) is read
    assert vars(seen_as(read, HIP, seen("hip_ap", 0.9)).view) == {"name": "hip_ap", "confidence": 0.9}
    assert vars(seen_as(refused, None, seen("knee_ap", 0.9)).view) == {"name": "knee_ap", "confidence": 0.9}
    assert vars(seen_as(refused, None, seen("knee_ap", strange=True)).view) == {"name": OTHER, "confidence": None}
