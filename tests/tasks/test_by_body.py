"""Figures by the bones that simulated patients have: worked out, kept in the evidence, shown on card and page."""

import json
from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pytest

from core.labels import CLASSES
from core.model_facts import ModelFacts
from evidence.record import Evidence
from evidence.statistics.overlap import Overlap
from evidence.study import Study
from models.bundle import Ensemble, Node
from report.tables import markdown
from tasks import CLASSES as NAMES_CLASS, DENSITY, MASKS
from tasks.classes import show as show_classes
from tasks.classes.measure import ClassRow
from tasks.density import show as show_density
from tasks.density.measure import DensityRow
from tasks.masks import show as show_masks
from tasks.masks.measure import MaskRow
from tasks.part import Part

SHOWS = {"classes": show_classes, "density": show_density, "masks": show_masks}
REGIONS = ("femoral_neck", "total_hip")
FACTS = ModelFacts("hip", "0.1.0", "Hip", labels=CLASSES)
ENSEMBLE = Ensemble((Node("decomposer", "density", "light", {}, {}, REGIONS, None, {"coverage": 0.9}),))  # type: ignore[arg-type]
BODIES = ("built_in", "mesh")


def class_rows() -> list[ClassRow]:
    """40 limbs of 20 patients; those on a mesh are always answered wrong."""
    rows = []
    for number in range(40):
        truth, body = number % 3, BODIES[number // 20]
        sure = np.full(3, 0.05)
        sure[truth if body == "built_in" else (truth + 1) % 3] = 0.9
        rows.append(ClassRow(truth, {"joint": sure, "vit": sure}, f"p{number // 2:02}", [0.1, number / 40], 60, body))
    return rows


def density_rows() -> list[DensityRow]:
    """40 limbs; those on a mesh are told 0.1 g/cm2 too low."""
    random = np.random.default_rng(0)
    rows = []
    for number in range(40):
        truth, body = random.normal(0.75, 0.1, 2), BODIES[number // 20]
        answer = truth + random.normal(0, 0.01, 2) - (0.1 if body == "mesh" else 0)
        rows.append(
            DensityRow(truth, answer, answer - 0.05, answer + 0.05, np.ones(3) / 3, f"p{number // 2:02}", None, body)
        )
    return rows


def mask_rows() -> list[MaskRow]:
    """40 limbs; those on a mesh overlap less."""
    rows = []
    for number in range(40):
        body = BODIES[number // 20]
        one = Overlap(0.8, 0.9, 0.5, 2.0) if body == "built_in" else Overlap(0.4, 0.57, 2.0, 9.0)
        rows.append(MaskRow({"u_net": dict.fromkeys(REGIONS, one)}, f"p{number // 2:02}", body))
    return rows


TASKS = {
    "classes": (Part(NAMES_CLASS, "limb", CLASSES), class_rows()),
    "density": (Part(DENSITY, "limb", REGIONS), density_rows()),
    "masks": (Part(MASKS, "limb", REGIONS), mask_rows()),
}


def measured(part: Part, rows: list) -> Evidence:  # type: ignore[type-arg]
    """As it is read again from a bundle."""
    plain = {"internal": {"films": 20, "limbs": 40, **part.task.measure.figures(rows, part, ENSEMBLE)}}
    return Evidence.from_plain(json.loads(json.dumps(Evidence.measured(plain).to_plain())))


def test_each_body_has_its_own_figures() -> None:
    found = {name: measured(*of).sets["internal"] for name, of in TASKS.items()}
    classes = found["classes"].by_body
    assert [classes[body].films for body in BODIES] == [20, 20]
    assert [classes[body].accuracy.value for body in BODIES] == [1.0, 0.0]  # type: ignore[union-attr]
    neck = {body: of["femoral_neck"] for body, of in found["density"].regions_by_body.items()}
    assert neck["built_in"].bias.value == pytest.approx(0, abs=0.01)  # type: ignore[union-attr]
    assert neck["mesh"].bias.value == pytest.approx(-0.1, abs=0.01)  # type: ignore[union-attr]
    outlines = {body: of["u_net"]["total_hip"] for body, of in found["masks"].outlines_by_body.items()}
    assert [outlines[body].iou.value for body in BODIES] == pytest.approx([0.8, 0.4])


@pytest.mark.parametrize("task", TASKS)
def test_card_and_page_show_them(task: str) -> None:
    part, rows = TASKS[task]
    evidence = measured(part, rows)
    study = Study(FACTS, evidence, "virtual", "2026-11-26")
    for said in (markdown(SHOWS[task].card(FACTS, evidence)), markdown(SHOWS[task].page(study))):
        assert "y body" in said
        assert "| Built-in |" in said
        assert "| Mesh |" in said


@pytest.mark.parametrize("task", TASKS)
def test_bodies_of_one_kind_and_real_patients_get_no_such_table(task: str) -> None:
    part, rows = TASKS[task]
    for alone in ([replace(row, body=None) for row in rows], rows[:20]):
        assert "body" not in markdown(SHOWS[task].card(FACTS, measured(part, alone)))


@pytest.mark.parametrize("task", ["density", "masks"])
def test_the_body_is_the_one_that_the_truth_names(task: str) -> None:
    part, _ = TASKS[task]
    others = {"body": "mesh"}
    example = SimpleNamespace(others=others, person="p", label="normal")
    truth = SimpleNamespace(example=example, image=lambda *_: None, folder=None)
    said = {
        "density": SimpleNamespace(
            value=np.ones(2), low=np.ones(2), high=np.ones(2), shares=dict.fromkeys(CLASSES, 1 / 3),
            projection=np.zeros((4, 4)), shown=np.zeros((4, 4)),
        ),
        "masks": SimpleNamespace(regions={}),
    }  # fmt: skip
    assert part.task.measure.compare(said[task], part, truth).body == "mesh"  # type: ignore[arg-type]
