"""How the evidence of the task `density` is shown: areal bone density by region, in g/cm2."""

from collections.abc import Mapping

from core.model_facts import ModelFacts
from core.titles import body_title, class_title, region_title, set_place, set_title, within
from evidence.change import change
from evidence.figure import UNDEFINED
from evidence.record import Again, Evidence, FigureSet, Step
from evidence.shown import Answers, Cell, Intervals, Plot, Result, Section, Table
from evidence.study import Study

AGREEMENT = {
    "r": "Pearson's r",
    "rmse": "RMSE, g/cm²",
    "bias": "Bias, g/cm²",
    "limits": "Limits of agreement: bias ±, g/cm²",
    "slope": "Slope of prediction on truth",
    "coverage": "Coverage of the prediction interval",
}
OVERALL = {"accuracy": "Accuracy", "balanced_accuracy": "Balanced accuracy", "quadratic_kappa": "Quadratic kappa"}
BY_CLASS = {"auc": "AUC", "sensitivity": "Sensitivity", "specificity": "Specificity"}
METRICS = {"r": "pearsonr", "rmse": "rmse"}
ONE_FILM = (
    "A single film shows bone and soft tissue superimposed; the density estimate relies on how the two are usually "
    "related."
)
Sets = Mapping[str, FigureSet]


def answers(facts: ModelFacts, evidence: Evidence) -> Answers:
    """Regions that are measured."""
    found = next(iter(evidence.holding("density").values()), None)
    regions = ", ".join(within(region_title(region)) for region in found.regions) if found else ""
    return Answers(
        "A virtual projection of the femur's bone in g/cm², and the areal bone mineral density of each region"
        f"{f' ({regions})' if regions else ''}.",
        "image-to-image",
        ("bone-density",),
    )


def sentence(facts: ModelFacts, evidence: Evidence) -> str:
    """The total hip's density on the set that the network knows least."""
    for name, one in evidence.holding("density").items():
        region = "total_hip" if "total_hip" in one.regions else next(iter(one.regions))
        found = one.regions[region]
        if found.r is None or found.rmse is None:
            continue
        return (
            f"{region_title(region)} density on {set_place(name)} (n = {found.limbs}): Pearson's r {found.r.text(2)}, "
            f"RMSE {found.rmse.text()} g/cm²."
        )
    return ""


def card(facts: ModelFacts, evidence: Evidence) -> list[Section]:
    """Agreement with the truth, and classes by the lower T-score."""
    sets = evidence.holding("density")
    return [
        Section("Agreement with the truth", (_bias(sets), _agreement(sets)), 3),
        *_by_body(sets, 3),
        *_classes(sets, 3)[:1],
    ]


def intervals(facts: ModelFacts, evidence: Evidence) -> list[Intervals]:
    """None: tables say it."""
    return []


def page(study: Study) -> list[Section]:
    """Agreement with changes and published figures, classes, projections, and the same patients again."""
    sets = {name: one for name, one in study.evidence.sets.items() if one.regions}
    if not sets:
        return []
    return [
        Section(
            "Agreement with the truth",
            (
                "The truth is the density of the body from which each film was made.",
                *([f"Change: {' minus '.join(reversed(list(sets)[:2]))}, with the 95 % CI of the difference, from the "
                   "two standard errors."] if len(sets) > 1 else []),
                _bias(sets),
                _agreement(sets, study),
                Plot("agreement", "Predictions against the truth, and Bland-Altman plots"),
            ),
        ),
        *_by_body(sets, 2),
        *_classes(sets, 2),
        *_projections(sets, study),
        *_again(study),
    ]  # fmt: skip


def results(evidence: Evidence) -> list[Result]:
    """Correlation and error by region, on sets not used in training."""
    sets = evidence.holding("density")
    sets = {name: one for name, one in sets.items() if name != "held_out"} or sets
    return [
        Result(METRICS[key], AGREEMENT[key], figure, name, region_title(region))
        for name, one in sets.items()
        for region, found in one.regions.items()
        for key in METRICS
        if (figure := getattr(found, key))
    ]


def limits(facts: ModelFacts, evidence: Evidence) -> list[str]:
    """What holds for every density that is told from one film."""
    return [ONE_FILM]


def _bias(sets: Sets) -> str:
    promised = next((one.promised_coverage for one in sets.values() if one.promised_coverage), None)
    intervals = (
        f" Prediction intervals are calibrated to contain the truth in {promised * 100:.0f} % of cases."
        if promised
        else ""
    )
    limits = "Limits of agreement (Bland and Altman 1986) contain 95 % of differences."
    return f"Bias is prediction minus truth. {limits}{intervals}"


def _agreement(sets: Sets, study: Study | None = None) -> Table:
    """A row a region and figure; with a study also the change between the first two sets, and what is published."""
    published = study.published.regions if study and study.published else {}
    changes = study is not None and len(sets) > 1
    head = ("Region", "Figure", *map(set_title, sets), *(("Change",) if changes else ()),
            *(("Published",) if published else ()))  # fmt: skip
    rows: list[tuple[Cell, ...]] = [("", "n", *(_counts(sets)), *[""] * (len(head) - 2 - len(sets)))]
    for region in next(iter(sets.values())).regions:
        for key, title in AGREEMENT.items():
            found = [getattr(one.regions[region], key) if region in one.regions else None for one in sets.values()]
            cells: list[Cell] = [figure or "" for figure in found]
            if changes:
                more = change(found[0] or UNDEFINED, found[1] or UNDEFINED)
                cells.append(more.text(signed=True))
            if published:
                cells.append(published.get(region, {}).get(key, ""))
            rows.append((region_title(region), title, *cells))
    return Table(head, tuple(rows), grouped=1)


def _by_body(sets: Sets, level: int) -> list[Section]:
    """Agreement by the bones that simulated patients have, where they have several."""
    keys = ("r", "rmse", "bias")
    rows: list[tuple[Cell, ...]] = [
        (
            region_title(region),
            set_title(name),
            body_title(body),
            found.limbs,
            *(getattr(found, key) or "" for key in keys),
        )
        for region in dict.fromkeys(region for one in sets.values() for region in one.regions)
        for name, one in sets.items()
        for body, regions in one.regions_by_body.items()
        if (found := regions.get(region))
    ]
    head = ("Region", "Set", "Body", "n", *(AGREEMENT[key] for key in keys))
    shown = ("Bones of the simulated patients.", Table(head, tuple(rows), grouped=2))
    return [Section("Agreement by body", shown, level)] if rows else []


def _counts(sets: Sets) -> list[int]:
    return [max(of.limbs for of in one.regions.values()) for one in sets.values()]


def _classes(sets: Sets, level: int) -> list[Section]:
    """Figures of the classes, and a section a set with its confusions."""
    found = {name: one.by_t_score for name, one in sets.items() if one.by_t_score}
    if not found:
        return []
    rows: list[tuple[Cell, ...]] = [
        ("All", title, *(getattr(one, key) or "" for one in found.values())) for key, title in OVERALL.items()
    ]
    labels = list(next(iter(found.values())).classes)
    rows += [
        (class_title(label), title, *(getattr(one.classes[label], key) for one in found.values()))
        for label in labels
        for key, title in BY_CLASS.items()
    ]
    head = ("True class", *(f"Predicted {class_title(label).lower()}" for label in labels))
    return [
        Section(
            "WHO class by the lower T-score",
            (
                "The lower T-score of femoral neck and total hip, for every limb whatever the patient's age. A reading "
                "of a patient under 50 names no class.",
                Table(("Class", "Figure", *map(set_title, found)), tuple(rows), grouped=1),
            ),
            level,
        ),
        *(
            Section(
                f"Confusion matrix, {set_title(name)}",
                (Table(head, tuple((class_title(label), *row) for label, row in
                                   zip(labels, one.confusion, strict=True))),),
                level + 1,
            )
            for name, one in found.items()
            if one.confusion
        ),
    ]  # fmt: skip


def _projections(sets: Sets, study: Study) -> list[Section]:
    rows: tuple[tuple[Cell, ...], ...] = tuple(
        (set_title(name), known.limbs, *(f"{one.median:.3f} ({one.low:.3f} to {one.high:.3f})"
                                         for one in (known.likeness, known.r) if one))
        for name, one in sets.items()
        if (known := one.projections) and known.limbs
    )  # fmt: skip
    if not rows:
        return []
    plots = [
        Plot("projections", f"{set_title(name).capitalize()}: film, virtual projection, truth and difference for the "
             "best, median and worst limb", name)
        for name in sets
    ]  # fmt: skip
    return [
        Section(
            "Virtual projection against the truth",
            (
                "Within the crop around the femur; median, and 5th to 95th percentile over limbs.",
                Table(("Set", "n", "Structural similarity", "Pixel correlation"), rows),
                *plots,
            ),
        )
    ]


def _again(study: Study) -> list[Section]:
    if not study.again:
        return []
    rows = tuple(
        (
            scanner,
            region_title(region),
            of.poses.persons,
            of.poses.cv_percent.text(2),
            of.poses.least_significant_change,
        )
        for scanner, one in study.again.items()
        for region, of in one.regions.items()
    )
    published = study.published.repeatability if study.published else ""
    return [
        Section(
            "Repeatability",
            (
                "Each simulated patient is positioned and exposed anew four times: root-mean-square coefficient of "
                "variation (Glüer 1995), and least significant change, 2.77 times the root-mean-square deviation."
                f"{published}",
                Table(("Scanner", "Region", "Patients", "RMS-CV, %", "Least significant change, g/cm²"), rows, 1),
                "JPEG: mean absolute change of the prediction from the uncompressed film's, in g/cm², by quality.",
                _steps(study.again, "jpeg", ".0f"),
                "Dose: the same by quanta at the detector, as a share of the scanner's own.",
                _steps(study.again, "dose", "g"),
                Plot("again", "RMSE by JPEG quality and by dose"),
            ),
        )
    ]


def _steps(again: Mapping[str, Again], which: str, form: str) -> Table:
    first: list[Step] = getattr(next(iter(next(iter(again.values())).regions.values())), which)
    rows = tuple(
        (scanner, region_title(region),
         *("no hip found" if step.moved is None else f"{step.moved:.4f}" for step in getattr(of, which)))
        for scanner, one in again.items()
        for region, of in one.regions.items()
    )  # fmt: skip
    return Table(("Scanner", "Region", *(f"{step.step:{form}}" for step in first)), rows, grouped=1)
