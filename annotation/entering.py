"""Into the worklist: a reading that is worth an expert's time, and films that were chosen among many."""

from collections.abc import Callable, Iterator, Mapping, Sequence

from annotation.copies import Alike
from annotation.embeddings import add_limb, keep_embedding, kept_embedding
from annotation.films import Kept, film_path, keep_film, keep_outlines
from annotation.ledger import Ledger, State
from annotation.offering import Offered, embedding, outlines_of
from annotation.policy import REQUESTED, Offer, Policy, Selection, choose, reasons_to_ask
from annotation.worklist import film_png
from core.identity import machine_key
from core.mask import BitMask
from core.radiograph import Radiograph
from core.reading import Reading
from core.settings import settings

ReadFilm = Callable[[bytes, str], Radiograph]  # as imaging.read_radiograph
Png = Callable[[Radiograph], bytes]  # as imaging.to_png


def enter_reading(
    ledger: Ledger, reading: Reading, reason: str | None, regions: Callable[[str], Sequence[str]], png: Png
) -> bool:
    """Keep a case for an expert if the policy says so, or because a person asked (`reason="requested"`).

    regions: what a recipe's question asks to outline. Returns True when the case stands in the worklist afterwards.
    Asked twice, it stands there once. Raises ValueError when a person asks for a film that was not read, or for a
    reason nobody may give.
    """
    if reason not in (None, REQUESTED):
        raise ValueError(f"reason is {reason!r}, expected {REQUESTED!r} or none: other reasons come from the reading")
    film, case_id, recipe = reading.radiograph, reading.case_id, reading.recipe
    if reading.status != "read" or film is None or case_id is None or recipe is None:
        if reason is None:
            return False
        raise ValueError("This film was refused, so there is no answer an expert could be asked about")
    asked = reason == REQUESTED
    home, rate = settings().home, settings().control_rate
    reasons = reasons_to_ask(case_id, recipe, reading.difficulty, machine_key(home), rate, requested=asked)
    if not reasons:
        return ledger.entry(case_id, recipe) is not None
    known = ledger.entry(case_id, recipe)
    if known is not None and known.state == State.DROPPED and not asked:
        return False
    _keep(film, case_id, png)
    model = reading.model
    if model is not None:
        drawn = outlines_of(reading, regions(recipe))
        _keep_outlines(ledger, case_id, recipe, reading.side, f"{model.name}@{model.version}", drawn)
    limb = embedding([reading])
    ledger.enter(case_id, recipe, reasons, reading.row(), suspected=film.suspected)
    if model is not None and limb is not None:
        add_limb(home, case_id, f"{model.name}@{model.version}", limb)
    return True


def choose_films(
    ledger: Ledger, films: Sequence[Offered], budget: int, policy: Policy, control: float, read: ReadFilm
) -> Selection:
    """Which of these films experts should see in this round, and why each; nothing is entered.

    Raises ValueError in one sentence for a budget or a share of the control arm that cannot be.
    """
    home = settings().home
    offers = [one.offer for one in films if one.offer is not None]
    models = {one.offer.recipe: one.model for one in films if one.offer is not None}
    known = [
        Offer(
            entry.case_id,
            entry.recipe,
            reasons=entry.reasons,
            embedding=kept_embedding(home, entry.case_id, models[entry.recipe]),
        )
        for entry in ledger.entries()
        if entry.recipe in models
    ]
    sources = {one.offer.case_id: one.source for one in films if one.offer is not None}

    def pixels(case_id: str) -> Radiograph:
        source = sources.get(case_id)
        return read(film_png(case_id) if source is None else source(), case_id)

    return choose(offers, budget, policy, control, machine_key(home), known, Alike(pixels))


def enter_chosen(
    ledger: Ledger, selection: Selection, films: Sequence[Offered], read: ReadFilm, png: Png
) -> Iterator[Offered]:
    """Enter what was chosen, yielding each film once it stands there. Stopped, it may be run again: a case is entered
    once."""
    home = settings().home
    by_case = {one.offer.key: one for one in films if one.offer is not None}
    for choice in selection.choices:
        film = by_case[choice.offer.key]
        radiograph = read(film.source(), film.name)
        if radiograph.case_id != choice.offer.case_id:
            raise ValueError(f"{film.name} is another film than when it was read; offer it again")
        _keep(radiograph, choice.offer.case_id, png)
        if choice.offer.embedding is not None:
            keep_embedding(home, choice.offer.case_id, film.model, choice.offer.embedding)
        for row, drawn in zip(film.rows, film.outlines, strict=True):
            _keep_outlines(ledger, *choice.offer.key, row["side"], film.model, drawn)
            ledger.enter(choice.offer.case_id, choice.offer.recipe, choice.reasons, row, suspected=radiograph.suspected)
        yield film


def _keep(film: Radiograph, case_id: str, png: Png) -> None:
    """Keep the film of a case, as read and as it is shown, before its row is entered, so that no row is without it."""
    Kept.save(settings().home, film)
    if not film_path(settings().home, case_id).exists():
        keep_film(settings().home, case_id, png(film))


def _keep_outlines(
    ledger: Ledger, case_id: str, recipe: str, side: str | None, model: str, drawn: Mapping[str, BitMask]
) -> None:
    """Keep what a model drew, for experts to correct; a reading that is kept already keeps its own."""
    known = ledger.entry(case_id, recipe)
    if drawn and (known is None or side not in [row["side"] for row in known.readings]):
        masks = {region: mask.pixels() for region, mask in drawn.items()}
        keep_outlines(settings().home, case_id, recipe, side, model, masks)
