"""Which recipe reads a film, and what is refused at its door.

Three witnesses, in this order: what the file says; the finders, which see the limbs themselves; and the network of
views, which sees the film as a whole. A finder that is sure of a limb outweighs the network: on real films the finder
of hips found every hip from in front and none on 218 other films (docs/evidence/hip_finder.md), where the network errs
more often (docs/evidence/view.md). A finder that finds nothing says nothing, and the network is believed.
"""

from collections.abc import Callable, Sequence
from dataclasses import replace

from anatomy.limb import Limb
from core.radiograph import Radiograph
from core.reading import Reading
from core.refusal import Code, Notice, NoticeCode, Refused
from recipes.recipe import Recipe
from recipes.seen import Seen

FoundBy = Callable[[str], Sequence[Limb]]  # what the finder of that name sees on the film


def choose(film: Radiograph, seen: Seen | None, able: Sequence[Recipe], found_by: FoundBy) -> Recipe:
    """The recipe for a film, by its witnesses. Raises Refused where none of those that are `able` reads it."""
    expected = " or ".join(dict.fromkeys(one.shows for one in able))
    fits = [one for one in able if film.site in (None, one.site) and film.view in (None, one.view)]
    if not fits:
        shown = " ".join(word for word in (film.site, film.view) if word not in (None, "other")) or "another part"
        raise Refused(
            Code.WRONG_SITE, f"The file says that it shows {shown}, expected {expected}; choose another film."
        )
    if len({one.view_name for one in fits}) == 1:
        return fits[0]
    for one in fits:
        if one.finder is not None and found_by(one.finder):
            return one
    if seen is not None and seen.sure:
        looks = [one for one in fits if one.view_name == seen.name]
        if not looks:
            raise Refused(
                _wrong(seen, able), f"The film looks like {seen.in_words}, expected {expected}; choose such a film."
            )
        return looks[0]
    # Nobody is sure. A recipe whose finder found nothing would refuse it; one without a finder looks for itself.
    fits = [one for one in fits if one.finder is None] or fits
    return fits[0] if seen is None else max(fits, key=lambda one: seen.shares[one.view_name])


def guard(film: Radiograph, recipe: Recipe, seen: Seen | None, found_by: FoundBy) -> list[Notice]:
    """Refuse what the recipe was not made for; a witness that is outweighed is a remark."""
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
    if seen is not None and seen.sure and seen.name != recipe.view_name:
        if film.site is not None and film.view is not None:
            outweighed_by = f"The file says that it is {recipe.shows}"
        elif recipe.finder is not None and found_by(recipe.finder):
            outweighed_by = f"A {recipe.site} was found on the film"
        else:
            raise Refused(
                _wrong(seen, [recipe]),
                f"The film looks like {seen.in_words}, {recipe.name} reads {recipe.shows}; "
                "choose another film or recipe.",
            )
        return [
            Notice(
                NoticeCode.VIEW_CONTRADICTED, f"{outweighed_by}, but it looks like {seen.in_words}; make sure of it."
            )
        ]
    if film.site is None and (seen is None or not seen.sure):
        return [
            Notice(
                NoticeCode.VIEW_NOT_STATED,
                f"Nothing in the file says what it shows; it is read as {recipe.shows}. Make sure that it is one.",
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
