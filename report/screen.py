"""A model as a screen shows it: plain values, sections in order, nothing left to work out."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from core.model_facts import INTENDED_USE as INTENDED_USE, ModelFacts
from core.titles import capital, network_title, weights_sentence
from evidence.figure import Figure as Figure
from evidence.record import Evidence
from evidence.shown import Intervals as Intervals, Section as Section, Table as Table
from report.card import details
from report.shows import shows_of
from report.summary import NOT_MEASURED, summary
from report.tables import screen_rows as screen_rows


@dataclass(frozen=True)
class ShownModel:
    """One model. measured: its evaluation in a sentence, None where there is none. about: facts by title. details: of
    data and training, by title."""

    key: str
    title: str
    caption: str
    measured: str | None
    about: Mapping[str, str]
    intervals: tuple[Intervals, ...]
    sections: tuple[Section, ...]
    details: Mapping[str, str]


def shown_model(facts: ModelFacts, evidence: Mapping[str, Any]) -> ShownModel:
    """From facts and the plain values of evidence.json. Raises EvidenceError in one sentence."""
    known = Evidence.from_plain(evidence)
    measured = summary(facts, known).measured
    simpler = "; ".join(facts.simplifications)
    about = {
        "Training data": f"{capital(facts.learned_from or 'not recorded').rstrip('.')}.",
        "Intended use": INTENDED_USE,
        "Networks": f"{'; '.join(map(network_title, facts.networks))}." if facts.networks else "",
        "Ensemble": weights_sentence(facts.weights),
        "Output": " ".join(show.answers(facts, known).sentence for show in shows_of(known)),
        "Prediction sets": f"Calibrated to contain the true class in {facts.coverage * 100:.0f} % of cases."
        if facts.coverage
        else "",
        "Differences from the paper": f"{capital(simpler)}." if simpler else "",
    }
    return ShownModel(
        key=f"{facts.name}-{facts.version}",
        title=facts.title,
        caption=f"{facts.name}, version {facts.version}{f'. Paper: {facts.paper}' if facts.paper else ''}.",
        measured=None if measured == NOT_MEASURED else measured,
        about={title: said for title, said in about.items() if said},
        intervals=tuple(one for show in shows_of(known) for one in show.intervals(facts, known)),
        sections=tuple(section for show in shows_of(known) for section in show.card(facts, known)),
        details=details(facts, known),
    )
