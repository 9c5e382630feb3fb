"""Which key stands for which choice.

Label Studio gives a key of its own to every choice and label that names none, in the order 1 2 3 ... 0 q w e t and so
on, whatever that key already does: `e` would choose an answer and take up the eraser. So every choice and label names
its key here, none twice, and none that a tool has.
"""

from collections.abc import Iterable, Mapping
from itertools import chain, product
from typing import Final

_DIGITS: Final = "1234567890"
# Not b (brush), e (eraser), h (hand), k (key point), p (polygon), u (unselect), v (select): tools of these forms.
_LETTERS: Final = "asdfgqtyiocjlmnrwxz"
_ALPHABET: Final = "qwertyuiopasdfghjklzxcvbnm"
_ALT_SHIFT: Final = "qweryuopsdfghjklzxcvnm"  # the browser has alt+shift with a, b, i and t
KEYS: Final = (
    *_DIGITS,
    *_LETTERS,
    *(f"shift+{key}" for key in _ALPHABET),
    *(f"shift+{key}" for key in "34567890"),  # shift+1 and shift+2 zoom
    *(f"alt+shift+{key}" for key in chain(_ALT_SHIFT, _DIGITS)),
    *("+".join(pair) for pair in product(("ctrl+alt",), _DIGITS)),
)


def keys_of(offered: Mapping[str, Iterable[str]], cannot: str | None = None) -> dict[str, dict[str, str]]:
    """A key for each choice, by control and choice, in the order given.

    cannot: the choice that has 0 where only the first control offers it, as it always had. Raises ValueError where
    there are more choices than keys.
    """
    whole = {control: tuple(choices) for control, choices in offered.items()}
    asked = sum(len(choices) for choices in whole.values())
    if asked > len(KEYS):
        raise ValueError(f"{asked} choices were asked for and there are {len(KEYS)} keys; ask for less on one film")
    alone = cannot is not None and sum(cannot in choices for choices in whole.values()) == 1
    free = iter([key for key in KEYS if not (alone and key == "0")])
    return {
        control: {choice: "0" if alone and choice == cannot else next(free) for choice in choices}
        for control, choices in whole.items()
    }
