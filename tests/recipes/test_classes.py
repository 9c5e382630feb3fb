"""The class of a limb, and the map that explains it."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch

from core.clinical import Clinical
from core.clock import Clock
from core.radiograph import Radiograph
from models import engine
from models.bundle import Bundle, Candidate, load
from recipes import by_name
from recipes.classes import find_class
from recipes.finding import Case
from recipes.view import look

FILM = Radiograph(np.random.default_rng(0).random((80, 60), dtype=np.float32), "case")


def answering(candidate: Candidate, probabilities: list[float]) -> Candidate:
    """The same network with a last layer that gives every film these probabilities, whatever it sees."""
    head = candidate.weights.head
    with torch.no_grad():
        head.weight.normal_(std=1e-3, generator=torch.Generator().manual_seed(0))
        head.bias.copy_(torch.tensor(probabilities).log())
    return replace(candidate, temperature=1.0)


@pytest.fixture
def split(tiny_bundle: Path) -> Bundle:
    """Two networks of opposite minds: together they name the middle class, which neither names alone."""
    bundle = load(tiny_bundle / "knee_resnet" / "0.1.0")
    one, other = bundle.candidates
    both = answering(one, [0.5, 0.45, 0.05]), answering(other, [0.04, 0.45, 0.51])
    return replace(bundle, candidates=both)


def test_the_map_explains_the_class_that_is_shown(split: Bundle, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[int] = []
    explain = engine.explain

    def noted(candidate, image, on, of, clinical=None):  # type: ignore[no-untyped-def]
        asked.append(of)
        return explain(candidate, image, on, of, clinical)

    monkeypatch.setattr(engine, "explain", noted)
    recipe = by_name("knee_resnet")
    case = Case(FILM, None, Clinical(), (), recipe, split, None, torch.device("cpu"), Clock())
    found = find_class(case)
    assert found.estimate.label == "osteopenia"
    assert {max(answer, key=answer.__getitem__) for answer in found.candidates.values()} == {"normal", "osteoporosis"}
    assert asked == [1]
    assert found.explains == "osteopenia"


def test_no_map_and_no_pass_backward_where_each_network_saw_a_region_alone(
    split: Bundle, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(engine, "explain", lambda *_: pytest.fail("a map was computed that nobody is shown"))
    regional = replace(split, candidates=tuple(replace(one, region="total_hip") for one in split.candidates))
    monkeypatch.setattr("recipes.classes.shown_to", lambda one, crop, _: np.zeros((3, 64, 64), np.float32))
    case = Case(FILM, None, Clinical(), (), by_name("hip_regions"), regional, None, torch.device("cpu"), Clock())
    found = find_class(case)
    assert found.explanation is None
    assert found.explains is None


def test_the_view_of_a_film_needs_no_pass_backward(split: Bundle, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(torch.autograd, "grad", lambda *_: pytest.fail("gradients were computed for nothing"))
    view = replace(split, candidates=split.candidates[:1])
    monkeypatch.setattr("recipes.view.VIEWS", split.labels)
    assert set(look(FILM, view, torch.device("cpu")).shares) == set(split.labels)
