"""The recipe whose opinion is heard besides another's."""

from collections.abc import Callable

from recipes import RECIPES, by_name
from tasks import DENSITY


def second_opinion(name: str, there: Callable[[str], bool]) -> str | None:
    """The recipe that answers the same of the same films by other means: a density where the first names a class from
    the look of the film, or the other way round. None where there is none, or its weights are not there.

    there: whether a bundle, `name@version`, is at hand.
    """
    first = by_name(name)
    others = [
        one.name
        for one in RECIPES.values()
        if one.view_name == first.view_name
        and one.labels == first.labels
        and (one.part(DENSITY) is None) != (first.part(DENSITY) is None)
        and all(map(there, one.needs))
    ]
    return next(iter(others), None)
