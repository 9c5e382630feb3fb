"""What a person sees of a choice of cases, and of the control arm: the same words on every face."""

from typing import Any, Final

from present.wording import percent

POLICY: Final = "mixed"  # unless told
CONTROL_SHARE: Final = 0.1
POLICY_TITLES: Final = {
    "mixed": "Hard and diverse",
    "hard": "Hardest first",
    "diverse": "Diverse",
    "random": "At random",
}


def policy_title(policy: str) -> str:
    """A policy's name on screens."""
    return POLICY_TITLES.get(policy, policy)


def selection_sentence(selection: Any, preview: bool) -> str:
    """How many films go in, by which way, and what was left."""
    number, said = len(selection.choices), []
    said.append(f"{_films(number)} {'would go' if preview else 'go'} to the worklist, {selection.control} as control")
    if selection.copies:
        said.append(f"{_films(len(selection.copies))} passed over as copies")
    if selection.listed:
        said.append(f"{_films(len(selection.listed))} in the worklist already")
    said.append(f"{_films(selection.rest)} left")
    return "; ".join(said) + "."


def control_sentence(arm: Any) -> str:
    """A model's error rate by its control arm, with how many answers it rests on."""
    if not arm.judged:
        return f"Control arm of {arm.model}: {_films(arm.drawn)} drawn at random, none answered yet."
    ends = f"95 % interval {percent(arm.rate.low)} to {percent(arm.rate.high)}"
    return (
        f"Control arm of {arm.model}: wrong on {arm.wrong} of {arm.judged} answers ({percent(arm.rate.value)}, {ends}) "
        f"from {arm.films} of {arm.drawn} films drawn at random."
    )


def _films(number: int) -> str:
    return "1 film" if number == 1 else f"{number} films"
