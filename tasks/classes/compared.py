"""What other networks and trivial baselines make of the films that a network of classes was trained on."""

from collections.abc import Mapping

from core.model_facts import ModelFacts
from core.titles import class_title, model_title
from evidence.figure import UNDEFINED
from evidence.record import ClassSummary, Evidence
from evidence.shown import Section, Table

# What other networks were asked on the knee films (`evidence.comparison`).
QUESTIONS = {
    "random": "single knees, two classes, random split",
    "grouped": "single knees, two classes, copies kept in one split",
    "whole": "whole films, three classes, copies kept in one split",
    "apart": "each knee separately, three classes, copies kept in one split",
}


def sections(comparison: Mapping[str, Mapping[str, ClassSummary]]) -> list[Section]:
    """A section a question that other networks were asked."""
    return [
        Section(
            f"Other networks: {QUESTIONS.get(question, question)}",
            (
                f"n = {next(iter(of.values())).films} predictions on {next(iter(of.values())).groups} distinct films. "
                "The best of several networks is chosen on these same films, so its figures are optimistic.",
                _table(of),
            ),
            3,
        )
        for question, of in comparison.items()
    ]


def limits(facts: ModelFacts, evidence: Evidence) -> list[str]:
    """Few films, doubtful labels, and baselines that the networks do not surely beat."""
    said = []
    films = evidence.data.get("distinct_films_used")
    if films:
        said.append(f"Only {films} distinct films for {len(facts.labels)} classes, hence the wide intervals.")
    doubted = evidence.data.get("films_left_out_because_their_copies_carry_another_label")
    if doubted:
        said.append(
            f"{doubted} films were excluded because copies of them carry different labels. Labels of films without a "
            "copy may be wrong as often."
        )
    across = evidence.sets.get("cross_validation")
    network = across.ensemble.balanced_accuracy if across and across.ensemble else None
    if across and network and network.low is not None:
        for name, what in (("size and contrast only", "image size and contrast"), ("age only", "age")):
            plain = across.answers[name].balanced_accuracy if name in across.answers else None
            if plain and plain.value is not None and network.low <= plain.value:
                said.append(
                    f"In cross-validation, the ensemble's balanced accuracy ({network.text(2)}) is not clearly better "
                    f"than that of a regression on {what} alone ({plain.value:.2f})."
                )
    return said


def _table(of: Mapping[str, ClassSummary]) -> Table:
    positive = list(next(iter(of.values())).classes)[-1]
    rows = tuple(
        (
            model_title(name),
            *((getattr(one, key) or UNDEFINED).text(2) for key in ("accuracy", "balanced_accuracy")),
            one.classes[positive].auc.text(2),
        )
        for name, one in of.items()
    )
    return Table(("Model", "Accuracy", "Balanced accuracy", f"AUC, {class_title(positive).lower()}"), rows)
