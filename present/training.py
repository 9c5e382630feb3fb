"""What a person reads of a training: how far it is, how long it takes, what its figures are called."""

from collections.abc import Mapping, Sequence
from typing import Any

from core.titles import capital, network_title, plain

STATUS = {
    "starting": "Starting",
    "running": "Running",
    "stopping": "Stopping",
    "finished": "Finished",
    "stopped": "Stopped",
    "failed": "Failed",
    "died": "Ended unexpectedly",
}
COLOURS = {"finished": "green", "stopped": "gray", "failed": "red", "died": "red"}  # of Streamlit's badges
FIGURES = {
    "accuracy": "Accuracy",
    "dice": "Dice",
    "density_off": "Density, mean absolute error, g/cm²",
    "probability_of_the_truth": "Mean probability of the right answer",
}
FREEZE = {None: "As the recipe does", "none": "Nothing", "0.5": "The first half", "backbone": "All but the heads"}


def status_title(status: str) -> str:
    return STATUS[status]


def status_colour(status: str) -> str:
    return COLOURS.get(status, "blue")


def freeze_title(said: str | None) -> str:
    """What stays as it is."""
    return FREEZE[said]


def figure_title(name: str) -> str:
    return FIGURES.get(name) or capital(plain(name))


def step_sentence(told: Mapping[str, Any]) -> str:
    """What goes on now, of a training's progress: `ViT: epoch 2 of 4`, `reading films of own: 12 of 40`."""
    step, done, total = told["step"], told["done"], told["total"]
    if step in told["networks"]:
        epoch = min(int(done) + 1, total)
        return f"{named(step)}: epoch {epoch} of {total}"
    if not total:
        return f"{capital(step)}"
    if total == 1:
        return f"{named(step)}"
    return f"{named(step)}: {done:g} of {total:g}"


def named(step: str) -> str:
    """A network by its title, with what is said after a comma; any other step as it is."""
    network, comma, rest = step.partition(",")
    title = network_title(network)
    return f"{title if title != network else capital(plain(network))}{comma}{rest}"


def time_left(seconds: float | None) -> str:
    """`about 3 min left`; empty where nobody can tell."""
    if seconds is None:
        return ""
    if seconds < 50:
        return f"about {max(5, round(seconds / 5) * 5)} s left"
    if seconds < 3600 - 30:
        return f"about {round(seconds / 60)} min left"
    return f"about {seconds / 3600:.1f} h left"


def duration(seconds: float) -> str:
    """`3 min`."""
    if seconds < 90:
        return f"{seconds:.0f} s"
    return f"{seconds / 60:.0f} min" if seconds < 5400 else f"{seconds / 3600:.1f} h"


def counts_sentence(rows: int, films: int, patients: int | None, parts: Mapping[str, int]) -> str:
    """How much a table holds."""
    people = f"{patients} patients" if patients is not None else "no patient is named, so each film counts as one"
    split = ", ".join(f"{count} {name}" for name, count in parts.items())
    given = f"The column split gives {split}." if split else "No split is given: a fifth of the patients is held out."
    return f"{rows} rows on {films} films; {people}. {given}"


def taught_rows(taught: Sequence[Any]) -> list[dict[str, Any]]:
    """What each part would learn from, as a table: one line an answer, or one a part."""
    rows = []
    for part in taught:
        task = capital(plain(part.task))
        for answer, (count, people) in part.answers.items():
            rows.append({"Task": task, "Answer": capital(plain(answer)), "Rows": count, "Patients": people})
        if not part.answers:
            rows.append({"Task": task, "Answer": "", "Rows": part.rows, "Patients": part.people})
    return rows
