"""What a person reads of a training set that was made of experts' answers."""

from collections.abc import Iterator, Mapping
from typing import Protocol


class Made(Protocol):
    """Counts of what was written, and of what stayed out, by reason."""

    @property
    def rows(self) -> int: ...
    @property
    def films(self) -> int: ...
    @property
    def patients(self) -> int: ...
    @property
    def splits(self) -> Mapping[str, int]: ...
    @property
    def labels(self) -> Mapping[str, int]: ...
    @property
    def masks(self) -> Mapping[str, int]: ...
    @property
    def left_out(self) -> Mapping[str, int]: ...
    @property
    def unsettled(self) -> Mapping[str, int]: ...


def export_sentences(made: Made) -> Iterator[str]:
    """What went in and what stayed out, a sentence each."""
    rows, films = _many(made.rows, "row"), _many(made.films, "film")
    yield f"{rows} from {films} of {_many(made.patients, 'person', 'people')} ({_counts(made.splits)})"
    if made.labels:
        yield f"labels: {_counts(made.labels)}"
    if made.masks:
        yield f"masks: {_counts(made.masks)}"
    for why, count in made.left_out.items():
        yield f"left out: {count}, since {why}"
    if made.unsettled:
        yield f"left unknown, since readers differ: {_counts(made.unsettled)}"


def _many(count: int, one: str, several: str | None = None) -> str:
    return f"{count} {one if count == 1 else several or one + 's'}"


def _counts(counts: Mapping[str, int]) -> str:
    return ", ".join(f"{count} {name.replace('_', ' ')}" for name, count in counts.items())
