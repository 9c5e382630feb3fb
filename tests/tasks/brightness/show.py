"""How the error of brightness is shown."""

from collections.abc import Sequence

from core.model_facts import ModelFacts
from evidence.record import Evidence
from evidence.shown import Answers, Intervals, Result, Section, Table
from evidence.study import Study


def _table(evidence: Evidence) -> Table:
    rows = [(name, str(one.model_extra["brightness"]["mean_error"]))
            for name, one in evidence.sets.items() if "brightness" in (one.model_extra or {})]  # fmt: skip
    return Table(("Set", "Mean error"), tuple(rows))


def answers(facts: ModelFacts, evidence: Evidence) -> Answers:
    return Answers("How bright a film is.", "other")


def sentence(facts: ModelFacts, evidence: Evidence) -> str:
    return ""


def card(facts: ModelFacts, evidence: Evidence) -> Sequence[Section]:
    return [Section("Brightness", (_table(evidence),), 3)]


def intervals(facts: ModelFacts, evidence: Evidence) -> Sequence[Intervals]:
    return []


def page(study: Study) -> Sequence[Section]:
    return [Section("Brightness", (_table(study.evidence),))]


def results(evidence: Evidence) -> Sequence[Result]:
    return []


def limits(facts: ModelFacts, evidence: Evidence) -> Sequence[str]:
    return []
