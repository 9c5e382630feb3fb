"""The worklist of this installation and its Label Studio, as the settings name them."""

from collections.abc import Iterable
from dataclasses import replace
from functools import cache

from annotation.control import ControlRate, control_rates
from annotation.export import ExportFault
from annotation.films import film_path
from annotation.label_studio import LabelStudio, LabelStudioStatus, status, task_link
from annotation.ledger import Ledger, State, WorklistEntry
from annotation.readers import Agreement, Bounds, LeftOut, Settled, agreements, ask_one_more, truths as truths_now
from core.settings import Settings, settings


def ledger() -> Ledger:
    """The worklist of this installation."""
    return _opened(settings().ledger)


@cache
def _opened(url: str) -> Ledger:
    return Ledger(url)


def worklist(*states: State) -> list[WorklistEntry]:
    """The cases of the worklist, oldest first; all of them when no state is named."""
    url = settings_now().label_studio_url
    return [
        replace(entry, link=task_link(url, entry.project_id, entry.task_id))
        if url and entry.project_id and entry.task_id
        else entry
        for entry in ledger().entries(*states)
    ]


def waiting() -> list[WorklistEntry]:
    """The cases that the next push will send."""
    return worklist(State.WAITING, State.FAILED, State.PUSHING)


def counts() -> dict[State, int]:
    """Cases by state, every state named."""
    return ledger().counts()


def truths(
    recipe: str | None = None, case_id: str | None = None, drawn: bool = True, classes_only: bool = False
) -> list[Settled]:
    """What is true of each side of each case by its readers and adjudicators, how that was settled, or why it is not.

    One reader asked: what he or she says. Several: what all say, or most, outlines by consensus, within the bounds of
    OSTEOLENS_AGREE_DICE and OSTEOLENS_AGREE_MM. What they disagree on has no truth until somebody decides. drawn:
    whether outlines are joined, which takes time. classes_only: whether what readers drew is left out altogether.
    """
    return truths_now(ledger(), settings().home, bounds(), recipe, case_id, drawn, classes_only)


def bounds() -> Bounds:
    """How far two readers' drawings may lie apart and count as one."""
    return Bounds(settings().agree_dice, settings().agree_mm)


def agreement(recipe: str | None = None) -> tuple[list[Agreement], LeftOut]:
    """How well readers agree, by what they answered blind and apart; and how many answers say nothing of it."""
    return agreements(ledger(), settings().home, recipe)


def ask_another(found: Iterable[Settled]) -> int:
    """Have one reader more asked at the next push about the cases of these sides on which readers differ; gives how
    many cases wait for it now."""
    return len(ask_one_more(ledger(), found))


def control_arm() -> list[ControlRate]:
    """How often each version of a model was wrong, by the experts' answers to the cases that were drawn at random."""
    return control_rates(ledger().entries(), ledger().taken())


def the_answered_recipe() -> str:
    """The one recipe that experts have answered. Raises ExportFault where there is none yet, ValueError for several."""
    answered = list(dict.fromkeys(one.answer.recipe for one in ledger().taken()))
    if len(answered) > 1:
        raise ValueError(f"found answers to {' and '.join(answered)}, expected one recipe; name it with --recipe")
    if not answered:
        raise ExportFault("No expert has answered yet, expected one answer at least; `queue pull` takes answers in")
    return answered[0]


def film_png(case_id: str) -> bytes:
    """The film of a case as the expert sees it. Raises FileNotFoundError where none is kept."""
    return film_path(settings().home, case_id).read_bytes()


def preannotates() -> bool:
    """Whether a push shows experts the model's answers unless told, by OSTEOLENS_PREANNOTATE."""
    return settings_now().preannotate


def label_studio_status() -> LabelStudioStatus:
    """Whether Label Studio is connected, as whom, and if not, why and what to do. Takes some seconds at most."""
    now = settings_now()
    return status(now.label_studio_url, _token(now), now.label_studio_project)


def label_studio() -> LabelStudio:
    """The Label Studio that is connected. Raises LabelStudioFault, with one sentence, where none is."""
    now = settings_now()
    return LabelStudio(now.label_studio_url, _token(now))


def settings_now() -> Settings:
    """The settings as they stand in this moment: `make label-studio` writes them while the workbench runs."""
    return Settings()


def _token(now: Settings) -> str | None:
    return now.label_studio_token.get_secret_value() if now.label_studio_token else None
