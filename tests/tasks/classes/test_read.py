"""The class of a limb, and the map that explains it."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch

from core.clinical import Clinical
from core.finding import Finding
from core.labels import CLASSES as LABELS
from core.radiograph import Radiograph
from core.system.clock import Clock
from models import engine
from models.bundle import Bundle, Node, by_name, load
from recipes.seen import look
from tasks import CLASSES
from tasks.case import Case
from tasks.masks.measure import MaskPrediction
from tasks.part import Part, Unit

FILM = Radiograph(np.random.default_rng(0).random((80, 60), dtype=np.float32), "case")


def answering(node: Node, probabilities: list[float]) -> Node:
    """The same network with a last layer that gives every film these probabilities, whatever it sees."""
    head = node.weights.head
    with torch.no_grad():
        head.weight.normal_(std=1e-3, generator=torch.Generator().manual_seed(0))
        head.bias.copy_(torch.tensor(probabilities).log())
    return replace(node, facts={"temperature": 1.0})


@pytest.fixture
def split(tiny_bundle: Path) -> Bundle:
    """Two networks of opposite minds: together they name the middle class, which neither names alone."""
    bundle = load(tiny_bundle / "knee_resnet" / "0.1.0")
    one, other = bundle.networks.values()
    both = answering(one, [0.5, 0.45, 0.05]), answering(other, [0.04, 0.45, 0.51])
    return replace(bundle, networks=by_name(*both))


def read(bundle: Bundle, unit: Unit = "limb") -> Finding:
    """What the part of classes finds on the film."""
    part = Part(CLASSES, unit, LABELS)
    case = Case(FILM, None, Clinical(), (), "knee_resnet", "an AP knee film", torch.device("cpu"), Clock())
    ensemble = bundle.ensemble("classes")
    before = {"masks": MaskPrediction({}, {}, dict, lambda: np.ones((80, 60), bool), None)}
    said = CLASSES.read.predict(case, part, ensemble, before)
    return CLASSES.read.tell(case, part, ensemble, {"classes": said}, Finding())


def test_the_map_explains_the_class_that_is_shown(split: Bundle, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[int] = []
    explain = engine.explain

    def noted(candidate, image, on, of, clinical=None):  # type: ignore[no-untyped-def]
        asked.append(of)
        return explain(candidate, image, on, of, clinical)

    monkeypatch.setattr(engine, "explain", noted)
    found = read(split)
    assert found.estimate.label == "osteopenia"
    assert {max(answer, key=answer.__getitem__) for answer in found.candidates.values()} == {"normal", "osteoporosis"}
    assert asked == [1]
    assert found.explains == "osteopenia"


def test_no_map_and_no_pass_backward_where_each_network_saw_a_region_alone(
    split: Bundle, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(engine, "explain", lambda *_: pytest.fail("a map was computed that nobody is shown"))
    regional = [replace(one, facts={**one.facts, "region": "total_hip"}) for one in split.networks.values()]
    monkeypatch.setattr("tasks.classes.read.shown_to", lambda one, crop, _: np.zeros((3, 64, 64), np.float32))
    found = read(replace(split, networks=by_name(*regional)), "region")
    assert found.explanation is None
    assert found.explains is None


def test_the_view_of_a_film_needs_no_pass_backward(split: Bundle, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(torch.autograd, "grad", lambda *_: pytest.fail("gradients were computed for nothing"))
    view = replace(split, networks=by_name(next(iter(split.networks.values()))))
    monkeypatch.setattr("recipes.seen.VIEWS", LABELS)
    assert set(look(FILM, view, torch.device("cpu")).shares) == set(LABELS)
