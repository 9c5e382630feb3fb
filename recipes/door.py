"""Which recipe reads a film, and what is refused at its door: by what the file says and what the film looks like."""

from collections.abc import Callable, Sequence
from dataclasses import replace

from core.radiograph import Radiograph
from core.reading import Reading
from core.refusal import Code, Notice, Refused
from recipes.recipe import Recipe
from recipes.view import Seen


def choose(film: Radiograph, seen: Seen | None, able: Sequence[Recipe], limbs_on: Callable[[Recipe], bool]) -> Recipe:
    """The recipe for a film, by what its file says it shows, else by what it looks like. Raises Refused where none of
    those that are `able` reads that. limbs_on: whether a recipe's finder sees its limbs on the film.
    """
    fits = [one for one in able if film.site in (None, one.site) and film.view in (None, one.view)]
    expected = " or ".join(dict.fromkeys(one.shows for one in able))
    if film.site is None and len({one.site for one in fits}) > 1:
        if seen is not None and seen.sure:
            fits = [one for one in fits if one.view_name == seen.name]
            if not fits:
                raise Refused(
                    _wrong(seen, able),
                    f"The film looks like {seen.in_words}, expected an {expected}; choose such a film.",
                )
        else:
            # Nobody says what it shows: it is a hip where the finder of hips is sure to see one.
            with_finder = [one for one in fits if one.finder is not None]
            found = bool(with_finder) and limbs_on(with_finder[0])
            fits = [one for one in fits if (one.finder is not None) == found]
    if not fits:
        shown = " ".join(word for word in (film.site, film.view) if word not in (None, "other")) or "another part"
        raise Refused(
            Code.WRONG_SITE, f"The file says that it shows {shown}, expected an {expected}; choose another film."
        )
    return fits[0]


def guard(film: Radiograph, recipe: Recipe, seen: Seen | None) -> list[Notice]:
    """Refuse what the recipe was not made for. The file's word goes before the network's, which then is a remark."""
    if film.site not in (None, recipe.site):
        raise Refused(
            Code.WRONG_SITE,
            f"The file says that it shows a {film.site}, {recipe.name} reads a {recipe.site}; "
            "choose another film or recipe.",
        )
    if film.view not in (None, recipe.view):
        raise Refused(
            Code.WRONG_VIEW,
            f"The file says that its view is {film.view}, {recipe.name} reads {recipe.view}; "
            "choose another film or recipe.",
        )
    stated = film.site is not None and film.view is not None
    if seen is not None and seen.sure and seen.name != recipe.view_name:
        if not stated:
            raise Refused(
                _wrong(seen, [recipe]),
                f"The film looks like {seen.in_words}, {recipe.name} reads an {recipe.shows}; "
                "choose another film or recipe.",
            )
        return [
            Notice(
                "view_contradicted",
                f"The file says that it is an {recipe.shows}, but it looks like {seen.in_words}; make sure of it.",
            )
        ]
    if film.site is None and (seen is None or not seen.sure):
        return [
            Notice(
                "view_not_stated",
                f"Nothing in the file says what it shows; it is read as an {recipe.shows}. Make sure that it is one.",
            )
        ]
    return []


def _wrong(seen: Seen, expected: Sequence[Recipe]) -> Code:
    """Another view of the same site, or another site."""
    same = any(seen.name.startswith(f"{one.site}_") for one in expected)
    return Code.WRONG_VIEW if same else Code.WRONG_SITE


def seen_as(answer: Reading, recipe: Recipe | None, seen: Seen | None) -> Reading:
    """The reading with its view: the one it was read as, or what a film that was not read looks like."""
    if seen is None:
        return answer
    return replace(answer, view=seen.guess(recipe.view_name if recipe and answer.status == "read" else None))
