"""How the evidence of the task `classes` is shown: one class of several for each film or limb."""

from collections.abc import Mapping, Sequence

from core.model_facts import ModelFacts
from core.titles import body_title, class_title, model_title, network_title, set_place, set_title
from evidence.change import change
from evidence.figure import UNDEFINED, Figure, p_sign
from evidence.record import ENSEMBLE, ClassFigures, ClassSummary, Evidence, FigureSet
from evidence.shown import Answers, Cell, Intervals, Plot, Result, Section, Table
from evidence.study import Study
from tasks.classes import compared, views

OVERALL = {
    "accuracy": "Accuracy",
    "balanced_accuracy": "Balanced accuracy",
    "quadratic_kappa": "Quadratic kappa",
    "brier": "Brier score (lower is better)",
    "calibration_error": "Calibration error (lower is better)",
}
MEASURES = ("balanced_accuracy", "accuracy", "quadratic_kappa", "brier")
BY_CLASS = {"auc": "AUC", "sensitivity": "Sensitivity", "specificity": "Specificity", "ppv": "PPV", "npv": "NPV"}
METRICS = {"accuracy": "accuracy", "balanced_accuracy": "balanced_accuracy", "quadratic_kappa": "cohen_kappa",
           "brier": "brier_score"}  # fmt: skip
FEWEST = 10  # in a bin of confidence: the share right among fewer is mostly chance
Sets = Mapping[str, FigureSet]


def answers(facts: ModelFacts, evidence: Evidence) -> Answers:
    """Classes, or views."""
    if evidence.views:
        return views.answers(facts)
    named = ", ".join(map(class_title, facts.labels))
    return Answers(f"Classes: {named}.", "image-classification")


def sentence(facts: ModelFacts, evidence: Evidence) -> str:
    """Balanced accuracy of the ensemble on the set that it knows least."""
    if evidence.views:
        return views.sentence(evidence.views)
    for name, one in evidence.holding("classes").items():
        found = one.ensemble
        if found and found.balanced_accuracy and found.balanced_accuracy.value is not None:
            figure, chance = found.balanced_accuracy, 1 / len(facts.labels)
            verdict = " This is no better than chance." if (figure.low or 0) <= chance else ""
            return (
                f"Balanced accuracy on {set_place(name)} (n = {found.films}): {figure.text(2)}; "
                f"chance level {chance:.2f}.{verdict}"
            )
    return ""


def card(facts: ModelFacts, evidence: Evidence) -> list[Section]:
    """Every model on every set, the ensemble by class, and other networks on the same films."""
    if evidence.views:
        return views.card(evidence.views)
    sets = evidence.holding("classes")
    return [
        Section("Overall", (_overall(sets, digits=2),), 3),
        *_prediction_sets(facts, sets, 3),
        Section(
            "By class",
            ("PPV and NPV apply at the prevalence shown.", _by_class(sets, _reported(sets), facts.labels, digits=2)),
            3,
        ),
        *_by_body(sets, facts.labels, 3),
        *compared.sections(evidence.comparison),
    ]


def intervals(facts: ModelFacts, evidence: Evidence) -> list[Intervals]:
    """Each model's overall figures, a set each; none of views, whose sources are too many."""
    if evidence.views:
        return []
    sets = evidence.holding("classes")
    return [
        Intervals(
            f"{set_title(name).capitalize()}: {set_place(name)} (n = {next(iter(one.answers.values())).films})",
            {
                OVERALL[key]: tuple(
                    (model_title(model), figure)
                    for model in _models(sets)
                    if (figure := getattr(one.answers.get(model), key, None))
                )
                for key in MEASURES
            },
        )
        for name, one in sets.items()
    ]


def page(study: Study) -> list[Section]:
    """Every model on every set with its changes, plots, baselines, classes and differences between networks."""
    if study.evidence.views:
        return views.page(study.evidence.views, study)
    sets = {name: one for name, one in study.evidence.sets.items() if one.answers}
    if not sets:
        return []
    facts, models = study.facts, _models(sets)
    return [
        Section("Overall", (*_how(facts, sets), _overall(sets, study=study), *_ranking(sets))),
        *_baselines(sets),
        Section(
            "Curves",
            (
                Plot("roc", "ROC curves, each class against the others"),
                Plot("confusion", "Confusion matrices: rows show the true class, columns the prediction"),
                Plot("reliability", f"Reliability: share correct by confidence, in bins of {FEWEST} limbs or more"),
            ),
        ),
        *_prediction_sets(facts, sets),
        Section("By class", ("PPV and NPV apply at the prevalence shown.",)),
        *(Section(model_title(one), (_by_class(sets, one, facts.labels, study=study),), 3) for one in models),
        *_by_body(sets, facts.labels),
        *_differences(sets, facts.labels),
    ]


def results(evidence: Evidence) -> list[Result]:
    """The ensemble overall and by class, on sets that did not choose it; on the validation split where that is all."""
    if evidence.views:
        return views.results(evidence.views)
    sets = evidence.holding("classes")
    sets = {name: one for name, one in sets.items() if name != "held_out"} or sets
    found = []
    for name, one in sets.items():
        summary = one.ensemble
        if summary is None:
            continue
        figures = {key: getattr(summary, key) for key in METRICS}
        found += [Result(METRICS[key], OVERALL[key], figure, name) for key, figure in figures.items() if figure]
        found += [Result("roc_auc", "AUC", of.auc, name, class_title(label)) for label, of in summary.classes.items()]
        if one.prediction_sets:
            found.append(Result("coverage", "Prediction set coverage", one.prediction_sets.coverage, name))
    return found


def limits(facts: ModelFacts, evidence: Evidence) -> list[str]:
    """Few films, doubtful labels, and baselines that the networks do not surely beat."""
    return compared.limits(facts, evidence)


def _how(facts: ModelFacts, sets: Sets) -> list[str]:
    said = []
    if facts.weights:
        named = ", ".join(f"{network_title(name)} {weight:.2f}" for name, weight in facts.weights.items())
        said.append(f"Network outputs are calibrated. Ensemble weights, fitted on the validation split: {named}.")
    elif len(_models(sets)) > 1:
        said.append("Network outputs are calibrated. The ensemble is their mean.")
    if len(sets) > 1:
        first, second = list(sets)[:2]
        said.append(
            f"Change: {second} minus {first}, with the 95 % CI of the difference, from the two standard errors. The "
            "two sets share no patient."
        )
    return said


def _overall(sets: Sets, digits: int = 3, study: Study | None = None) -> Table:
    """A row a measure and model. With a study also the change between the first two sets, and what is published."""
    published = study.published if study else None
    changes = study is not None and len(sets) > 1
    head = ("Measure", "Model", *map(set_title, sets), *(("Change",) if changes else ()),
            *(("Published",) if published else ()))  # fmt: skip
    rows: list[tuple[Cell, ...]] = []
    for key, title in OVERALL.items():
        for model in _models(sets):
            found = [_figure(one.answers.get(model), key) for one in sets.values()]
            if all(figure is None for figure in found):
                continue
            cells: list[Cell] = ["" if figure is None else figure.text(digits) for figure in found]
            if changes:
                cells.append(_changed(found[0], found[1]))
            if published:
                said = {name: one.accuracy for name, one in published.sets.items() if one.accuracy is not None}
                shown = key == "accuracy" and model == published.network
                cells.append("; ".join(f"{value:.3f} {name}" for name, value in said.items()) if shown else "")
            rows.append((title, model_title(model), *cells))
    return Table(head, tuple(rows), grouped=1)


def _figure(summary: ClassSummary | None, key: str) -> Figure | None:
    """A measure of one model. The calibration error goes without its interval: chance makes each draw of a bootstrap
    larger than the value itself."""
    found: Figure | None = getattr(summary, key, None)
    return Figure(found.value, None, None) if found and key == "calibration_error" else found


def _changed(before: Figure | None, after: Figure | None) -> str:
    more = change(before or UNDEFINED, after or UNDEFINED)
    return "" if more.value is None else more.text(signed=True)


def _ranking(sets: Sets) -> list[str]:
    """Which network alone comes out first on the last set, the one that the networks know least."""
    name, last = list(sets.items())[-1]
    alone = {
        model: one.balanced_accuracy.value
        for model, one in last.answers.items()
        if model != ENSEMBLE and one.balanced_accuracy and one.balanced_accuracy.value is not None
    }
    if len(alone) < 2:
        return []
    order = sorted(alone, key=alone.__getitem__, reverse=True)
    ranks = ", ".join(f"{network_title(model)} ({alone[model]:.3f})" for model in order)
    return [f"Networks by balanced accuracy on the {set_title(name)} set: {ranks}."]


def _baselines(sets: Sets) -> list[Section]:
    sets = {name: one for name, one in sets.items() if one.baselines}
    if not sets:
        return []
    named = list(dict.fromkeys(name for one in sets.values() for name in one.baselines))
    rows: list[tuple[Cell, ...]] = [
        (OVERALL[key], name.capitalize(), *(_figure(one.baselines.get(name), key) or "" for one in sets.values()))
        for key in ("accuracy", "balanced_accuracy")
        for name in named
    ]
    most = [max(of.prevalence for of in next(iter(one.answers.values())).classes.values()) for one in sets.values()]
    rows.insert(len(named), (OVERALL["accuracy"], "Most common class", *(f"{share:.3f}" for share in most)))
    return [
        Section(
            "Trivial baselines",
            (
                "Logistic regression with balanced class weights, trained on four fifths of the patients of the set "
                "itself and tested on the others, so it knows the set better than the networks do. Balanced weights "
                "cost accuracy, so compare balanced accuracy.",
                Table(("Measure", "Baseline", *map(set_title, sets)), tuple(rows), grouped=1),
            ),
        )
    ]


def _by_class(sets: Sets, model: str, labels: Sequence[str], digits: int = 3, study: Study | None = None) -> Table:
    """A row a class and set; with a study also the change between the first two sets, and what is published."""
    published = study.published if study and study.published and study.published.network == model else None
    rows: list[tuple[Cell, ...]] = []
    for label in labels:
        known = {name: one.answers[model].classes for name, one in sets.items() if model in one.answers}
        found = {name: classes[label] for name, classes in known.items() if label in classes}
        for name, one in found.items():
            figures = [getattr(one, key).text(digits) for key in BY_CLASS]
            rows.append((class_title(label), set_title(name), one.films, f"{one.prevalence * 100:.1f} %", *figures))
        if study and len(found) > 1:
            first, second = list(found.values())[:2]
            changes = [_changed(getattr(first, key), getattr(second, key)) for key in BY_CLASS]
            rows.append((class_title(label), "change", "", "", *changes))
        for name, said in (published.sets if published else {}).items():
            if label in said.classes:
                shown = [f"{said.classes[label][key]:.3f}" if key in said.classes[label] else "" for key in BY_CLASS]
                rows.append((class_title(label), f"published, {name}", "", "", *shown))
    return Table(("Class", "Set", "n", "Prevalence", *BY_CLASS.values()), tuple(rows), grouped=1)


def _by_body(sets: Sets, labels: Sequence[str], level: int = 2) -> list[Section]:
    """The reported model by the bones that simulated patients have, where they have several."""
    rows: list[tuple[Cell, ...]] = []
    for name, one in sets.items():
        for body, of in one.by_body.items():
            known = [of.classes.get(label) for label in labels]
            shares = " / ".join("-" if of_class is None else f"{of_class.prevalence * 100:.0f}" for of_class in known)
            figures = [figure.text(2) if figure else "" for figure in (of.balanced_accuracy, of.accuracy)]
            areas = ["" if of_class is None else of_class.auc.text(2) for of_class in known]
            rows.append((set_title(name), body_title(body), of.films, shares, *figures, *areas))
    if not rows:
        return []
    named = " / ".join(map(class_title, labels))
    head = ("Set", "Body", "n", f"{named}, %", *(OVERALL[key] for key in ("balanced_accuracy", "accuracy")),
            *(f"AUC, {class_title(label).lower()}" for label in labels))  # fmt: skip
    return [Section("By body", ("Bones of the simulated patients.", Table(head, tuple(rows), grouped=1)), level)]


def _prediction_sets(facts: ModelFacts, sets: Sets, level: int = 2) -> list[Section]:
    """Coverage and mean size of the conformal sets, overall and by true class, where they were measured."""
    rows: list[tuple[Cell, ...]] = []
    for name, one in sets.items():
        known = one.prediction_sets
        if known is None:
            continue
        rows.append((set_title(name), "All", known.coverage, known.mean_size))
        rows += [
            (set_title(name), class_title(label), figure, known.size_by_class.get(label, ""))
            for label, figure in known.by_class.items()
        ]
    if not rows:
        return []
    promise = (
        f"Calibrated to contain the true class in {facts.coverage * 100:.0f} % of cases." if facts.coverage else ""
    )
    table = Table(("Set", "True class", "Coverage", "Mean number of classes"), tuple(rows), grouped=1)
    return [Section("Prediction sets", (*([promise] if promise else []), table), level)]


def _differences(sets: Mapping[str, ClassFigures], labels: Sequence[str]) -> list[Section]:
    pairs = list(dict.fromkeys(pair for one in sets.values() for pair in one.auc_differences))
    if not pairs:
        return []
    rows: list[tuple[Cell, ...]] = []
    for pair in pairs:
        second, _, first = pair.partition(" over ")
        for label in labels:
            cells = []
            for one in sets.values():
                found = one.auc_differences.get(pair, {}).get(label)
                p = f", p {p_sign(found.p)}" if found and found.p is not None else ""
                cells.append(f"{found.figure.text(signed=True)}{p}" if found else "")
            rows.append((f"{network_title(second)} minus {network_title(first)}", class_title(label), *cells))
    return [
        Section(
            "AUC differences between networks",
            (
                "On the same limbs, one a patient (DeLong et al., Biometrics 1988). p values are two-sided and not "
                "corrected for multiple comparisons.",
                Table(("Networks", "Class", *map(set_title, sets)), tuple(rows), grouped=1),
            ),
        )
    ]


def _models(sets: Mapping[str, ClassFigures]) -> list[str]:
    """Every model once; an ensemble of one network goes by the network's own name."""
    named = list(dict.fromkeys(model for one in sets.values() for model in one.answers))
    alone = any(
        name != ENSEMBLE and all(one.answers.get(name) == one.ensemble for one in sets.values()) for name in named
    )
    return [name for name in named if name != ENSEMBLE] if alone else named


def _reported(sets: Mapping[str, ClassFigures]) -> str:
    """The ensemble, or the one network that it is made of."""
    return _models(sets)[0]
