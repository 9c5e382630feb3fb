"""What is shown of joints and vertebrae found by points."""

import json

from core.model_facts import ModelFacts
from core.settings import ROOT
from evidence.record import Evidence
from evidence.study import Study
from report.tables import markdown
from tasks.landmarks import show
from tests.bundles import a_finder


def test_a_finders_landmarks_stand_with_their_errors_and_their_unit() -> None:
    description = a_finder()
    facts = ModelFacts.of(description, unit="the distance from a to b, about 78 mm in an adult")
    found = Evidence.from_plain(description["evidence"])
    said = markdown(show.card(facts, found))
    assert "37 of 40 complete femora found, 1 false detections" in said
    assert "| Head centre | 1.2 % | 4.5 % |" in said
    assert "Errors are relative to the distance from a to b, about 78 mm in an adult." in said
    (share,) = show.results(found)
    assert (share.metric, share.figure.value) == ("recall", 37 / 40)
    assert show.answers(facts, found).sentence == "Locates femora for other models; gives no class."


def test_vertebrae_stand_with_grades_by_set() -> None:
    (path,) = (ROOT / "weights/spine_vertex").glob("*/evidence.json")
    found = Evidence.from_plain(json.loads(path.read_text()))
    bodies = found.sets["external"].vertebrae
    assert bodies is not None
    assert bodies.fracture_by_heights is not None
    said = markdown(show.page(Study(ModelFacts("spine_vertex", "0.2.0"), found, "virtual", "a day")))
    assert f"| external | {bodies.found} of {bodies.bodies} | {bodies.invented} |" in said
    assert f"| 1 or more | {bodies.by_grade['1 and more'].bodies} |" in said
    assert f"Quadratic kappa {bodies.grade_kappa:.3f}." in said
    assert f"for a film with a fracture: {bodies.fracture_by_heights.auc}." in said
