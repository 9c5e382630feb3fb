"""How the evidence of the task `scores` is shown: questions of yes or no."""

from collections.abc import Mapping

from core.model_facts import ModelFacts
from core.titles import lower_first, network_title, score_title, set_place, set_title
from evidence.figure import p_text
from evidence.record import Evidence, Question, ScoreAnswer
from evidence.shown import Answers, Cell, Intervals, Result, Section, Table
from evidence.study import Study

FIGURES = {"auc": "AUROC", "sensitivity": "Sensitivity", "specificity": "Specificity", "ppv": "PPV", "npv": "NPV",
           "brier": "Brier score"}  # fmt: skip
METRICS = {"auc": "roc_auc", "sensitivity": "sensitivity", "specificity": "specificity", "brier": "brier_score"}
HEIGHTS = (
    "Unless stated otherwise, predictions also use the largest height loss of the vertebral bodies that were found. In "
    "the simulation a fracture is little more than a loss of height, and an intact body has a normal shape. In real "
    "patients, degeneration, deformity and oblique projection make heights less reliable."
)
UNDECIDED = (
    "Prediction sets are calibrated to keep each true answer in 90 % of cases. Undecided: both answers are kept."
)


def answers(facts: ModelFacts, evidence: Evidence) -> Answers:
    """The questions."""
    named = ", ".join(lower_first(score_title(one)) for one in facts.questions)
    return Answers(f"Yes or no for each of: {named}.", "image-classification", ("vertebral-fracture",))


def sentence(facts: ModelFacts, evidence: Evidence) -> str:
    """AUROC by question of the model that answers a reading, on the set that it knows least."""
    for name, one in evidence.holding("scores").items():
        said = [
            f"{lower_first(score_title(score))} {of.reported.auc.text(2)} ({of.reported.positive} positive)"
            for score, of in one.scores.items()
        ]
        films = next(iter(one.scores.values())).reported.films
        return f"AUROC on {set_place(name)} (n = {films}): {', '.join(said)}."
    return ""


def card(facts: ModelFacts, evidence: Evidence) -> list[Section]:
    """A table a question, with every set."""
    sets = evidence.holding("scores")
    questions = list(dict.fromkeys(score for one in sets.values() for score in one.scores))
    return [
        Section(
            score_title(score),
            (
                "PPV and NPV apply at the stated prevalence.",
                _table({name: one.scores[score] for name, one in sets.items() if score in one.scores}, digits=2),
                *_kept({name: one.scores[score] for name, one in sets.items() if score in one.scores}, digits=2),
            ),
            3,
        )
        for score in questions
    ]


def intervals(facts: ModelFacts, evidence: Evidence) -> list[Intervals]:
    """Each question's AUROC on each set, the model that answers a reading first."""
    return [
        Intervals(
            f"{score_title(score)}: {set_place(name)} (n = {of.reported.films}, {of.reported.positive} positive)",
            {"AUROC": tuple((network_title(model), one.auc) for model, one in reversed(of.answers.items()))},
        )
        for name, one in evidence.holding("scores").items()
        for score, of in one.scores.items()
    ]


def page(study: Study) -> list[Section]:
    """A section a set and question, with differences between the models."""
    published = study.published.auc if study.published else {}
    sections = []
    for name, one in study.evidence.sets.items():
        if not one.scores:
            continue
        sections.append(Section(set_title(name).capitalize(), (_how(one.films, one.refused),)))
        for score, of in one.scores.items():
            heights = [HEIGHTS] if any(model.endswith("_unmeasured") for model in of.answers) else []
            sections.append(
                Section(
                    f"{score_title(score)}, {set_title(name)}",
                    (
                        f"{of.reported.positive} of {of.reported.films} films are positive.",
                        _table({name: of}, published=published.get(score, "")),
                        *heights,
                        *_kept({name: of}),
                        *_differences(of),
                    ),
                    3,
                )
            )
    return sections


def results(evidence: Evidence) -> list[Result]:
    """Of the model that answers a reading, by question, on sets not used in training."""
    sets = evidence.holding("scores")
    sets = {name: one for name, one in sets.items() if name != "held_out"} or sets
    return [
        Result(METRICS[key], FIGURES[key], getattr(of.reported, key), name, score_title(score))
        for name, one in sets.items()
        for score, of in one.scores.items()
        for key in METRICS
    ]


def limits(facts: ModelFacts, evidence: Evidence) -> list[str]:
    """Why heights promise more than they will hold."""
    found = [model for one in evidence.sets.values() for of in one.scores.values() for model in of.answers]
    return [HEIGHTS] if any(model.endswith("_unmeasured") for model in found) else []


def _how(films: int | None, refused: int | None) -> str:
    counted = f"{films} films, {refused} refused. " if films is not None else ""
    return (
        f"{counted}Decision thresholds were chosen on the validation split. PPV and NPV apply at the stated prevalence."
    )


def _table(sets: Mapping[str, Question], digits: int = 3, published: str = "") -> Table:
    several = len(sets) > 1
    rows: list[tuple[Cell, ...]] = []
    for name, of in sets.items():
        for model, one in of.answers.items():
            about: tuple[Cell, ...] = (_about(name, of.reported), network_title(model)) if several else (
                network_title(model),)  # fmt: skip
            rows.append((*about, *(getattr(one, key).text(digits) for key in FIGURES)))
    if published:
        rows.append(("Published", published, *[""] * (len(FIGURES) - 1)))
    head = ("Set", "Model") if several else ("Model",)
    return Table((*head, *FIGURES.values()), tuple(rows), grouped=1 if several else 0)


def _about(name: str, one: ScoreAnswer) -> str:
    return f"{set_title(name)} ({one.positive} of {one.films} positive)"


def _kept(sets: Mapping[str, Question], digits: int = 3) -> list[str | Table]:
    """What cannot be ruled out: how often a true answer is kept, and how often both are."""
    several = len(sets) > 1
    rows = [
        (*((set_title(name),) if several else ()), network_title(model),
         *(figure.text(digits) for figure in (one.doubt.yes_kept, one.doubt.no_kept, one.doubt.undecided)))
        for name, of in sets.items()
        for model, one in of.answers.items()
        if one.doubt
    ]  # fmt: skip
    if not rows:
        return []
    head = (*(("Set",) if several else ()), "Model", "Coverage, positives",
            "Coverage, negatives", "Undecided")  # fmt: skip
    return [UNDECIDED, Table(head, tuple(rows), grouped=1 if several else 0)]


def _differences(of: Question) -> list[Table]:
    rows = []
    for pair, one in of.gains.items():
        second, _, first = pair.partition(" over ")
        rows.append((f"{network_title(second)} minus {lower_first(network_title(first))}", one.figure.text(signed=True),
                     p_text(one.p)))  # fmt: skip
    return [Table(("Difference in AUROC (DeLong)", "", "p"), tuple(rows))] if rows else []
