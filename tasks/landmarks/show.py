"""How the evidence of the task `landmarks` is shown: joints and vertebrae found by points."""

from collections.abc import Mapping

from core.model_facts import ModelFacts
from core.titles import plain, set_place, set_title
from evidence.figure import Figure
from evidence.record import Evidence, FigureSet, JointsFound, VertebraeFound
from evidence.shown import Answers, Cell, Intervals, Result, Section, Table
from evidence.study import Study

AND, OR = "and more", "or more"  # of grades, as evidence names them and as they are shown
Sets = Mapping[str, FigureSet]


def answers(facts: ModelFacts, evidence: Evidence) -> Answers:
    """What is located."""
    found = [one.landmarks.joints for one in evidence.sets.values() if one.landmarks]
    where = "Locates vertebral bodies." if not found else f"Locates {found[0]} for other models; gives no class."
    return Answers(where, "keypoint-detection", ("landmarks",))


def sentence(facts: ModelFacts, evidence: Evidence) -> str:
    """How many joints, or vertebral bodies, are found."""
    for name, one in evidence.holding("landmarks").items():
        if one.landmarks:
            return f"On {set_place(name)}: {_joints(one.landmarks)}"
        if one.vertebrae:
            return f"On {set_place(name)}: {_bodies(one.vertebrae)}"
    return ""


def card(facts: ModelFacts, evidence: Evidence) -> list[Section]:
    """Joints with their landmarks, or vertebral bodies."""
    sets = evidence.holding("landmarks")
    joints = [
        Section(f"Landmarks, {set_title(name)}", (_joints(one.landmarks), _landmarks(one.landmarks), *_unit(facts)), 3)
        for name, one in sets.items()
        if one.landmarks
    ]
    return [*joints, *_vertebrae(sets, 3)]


def intervals(facts: ModelFacts, evidence: Evidence) -> list[Intervals]:
    """None: tables say it."""
    return []


def page(study: Study) -> list[Section]:
    """Vertebral bodies, with the confusions of their grades; joints have pages of their own."""
    sets = {name: one for name, one in study.evidence.sets.items() if one.vertebrae}
    sections = _vertebrae(sets, 2)
    for name, one in sets.items():
        if one.vertebrae is None or not one.vertebrae.grades:
            continue
        grades: tuple[tuple[Cell, ...], ...] = tuple((str(at), *row) for at, row in enumerate(one.vertebrae.grades))
        by_grade: tuple[tuple[Cell, ...], ...] = tuple(
            (least.replace(AND, OR), of.bodies, of.sensitivity, of.specificity)
            for least, of in one.vertebrae.by_grade.items()
        )
        blocks: list[str | Table] = [
            f"Quadratic kappa {one.vertebrae.grade_kappa:.3f}. Rows show the true grade, columns the predicted one.",
            Table(("True grade", *map(str, range(len(grades)))), grades),
            Table(("Grade", "Bodies", "Sensitivity", "Specificity"), by_grade),
        ]  # fmt: skip
        if one.vertebrae.fracture_by_heights:
            auc = one.vertebrae.fracture_by_heights.auc
            blocks.append(f"AUROC of the largest height loss alone for a film with a fracture: {auc}.")
        sections.append(Section(f"Genant grades, {set_title(name)}", tuple(blocks), 3))
    return sections


def results(evidence: Evidence) -> list[Result]:
    """The share of joints found; sensitivity and specificity of the grades of vertebral bodies."""
    sets = evidence.holding("landmarks")
    joints = [
        Result(
            "recall",
            f"Share of {found.joints} found",
            Figure((found.limbs - found.missed) / found.limbs, None, None),
            name,
        )
        for name, one in sets.items()
        if (found := one.landmarks) and found.limbs
    ]
    return joints + [
        Result(metric, metric.capitalize(), getattr(of, metric), name, f"Genant grade {least.replace(AND, OR)}")
        for name, one in sets.items()
        if one.vertebrae
        for least, of in one.vertebrae.by_grade.items()
        for metric in ("sensitivity", "specificity")
    ]


def limits(facts: ModelFacts, evidence: Evidence) -> list[str]:
    """Joints found on the validation split, whose patients look like those of training."""
    if any(one.landmarks for one in evidence.sets.values()):
        return [
            "Evaluated on the validation split only, which comes from the same simulation as the training films. The "
            "figures do not predict performance on real patients."
        ]
    return []


def _joints(found: JointsFound) -> str:
    checked = "" if found.shape_checked else " (before the check of their shape)"
    return (
        f"{found.limbs - found.missed} of {found.limbs} complete {found.joints} found, {found.invented} false "
        f"detections{checked}."
    )


def _landmarks(found: JointsFound) -> Table:
    rows = tuple(
        (plain(name), _share(error), _share(found.largest_error_in_95_of_100.get(name)))
        for name, error in found.median_error.items()
    )
    return Table(("Landmark", "Median error", "95th percentile"), rows)


def _share(error: float | None) -> str:
    return "not known" if error is None else f"{error * 100:.1f} %"


def _unit(facts: ModelFacts) -> list[str]:
    return [f"Errors are relative to {facts.unit}."] if facts.unit else []


def _bodies(found: VertebraeFound) -> str:
    return f"{found.found} of {found.bodies} complete vertebral bodies found, {found.invented} false detections."


def _vertebrae(sets: Sets, level: int) -> list[Section]:
    rows: list[tuple[Cell, ...]] = []
    for name, one in sets.items():
        found = one.vertebrae
        if not found or not found.point_mm or not found.height_share:
            continue
        broken = found.by_grade["1 and more"]
        rows.append(
            (set_title(name), f"{found.found} of {found.bodies}", found.invented,
             f"{found.point_mm.median:.1f} (95 % below {found.point_mm.of_95:.1f})",
             f"{found.height_share.median * 100:.1f} (95 % below {found.height_share.of_95 * 100:.1f})",
             broken.bodies, broken.sensitivity, broken.specificity)
        )  # fmt: skip
    head = ("Set", "Bodies found", "False detections", "Landmark error, mm", "Height error, %", "Fractured bodies",
            "Sensitivity, grade 1 or more", "Specificity, grade 1 or more")  # fmt: skip
    return [Section("Vertebral bodies", (Table(head, tuple(rows)),), level)] if rows else []
