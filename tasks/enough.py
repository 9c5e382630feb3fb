"""Whether rows are enough to learn from: counted before a film is read."""

from collections.abc import Callable, Sequence

from core.example import Example, ManifestError
from tasks.part import Part


def people(examples: Sequence[Example]) -> int:
    """How many people rows are of; a row without a patient is somebody's own."""
    return len({example.person for example in examples})


def refuse_few(part: Part, what: str, examples: Sequence[Example], least: int) -> None:
    """Raises ManifestError where fewer than so many people have a row that teaches a part. what: that it teaches."""
    found = people(examples)
    if found < least:
        raise ManifestError(
            f"found {what} of {found} people, expected at least {least}: {part.task.learn.expects(part)}; add films"
        )


def refuse_unknown(
    part: Part, column: str, examples: Sequence[Example], knows: Callable[[Example, str], bool], begun: bool
) -> None:
    """Raises ManifestError where no row knows one of the outputs of a network that has not learned it before. column:
    what the manifest's columns begin with."""
    unknown = [name for name in part.outputs if not any(knows(example, name) for example in examples)]
    if unknown and not begun:
        raise ManifestError(
            f"no row has {' or '.join(column + name for name in unknown)}, which a network that begins from nothing "
            "cannot learn; add them, or go on from a bundle that knows with --from-bundle"
        )
