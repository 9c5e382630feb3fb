import re
from pathlib import Path

import pytest

from core.settings import ROOT
from models.bundle import describe
from present.figures import intervals
from present.measured import Figure
from present.model_card import FIGURES, ModelCard, measured_sentence, model_card, shelf_line
from tests.bundles import a_finder, a_hip_bundle


def test_a_card_says_what_the_bundle_says(tiny_bundle: Path) -> None:
    card = model_card(describe(tiny_bundle / "knee_resnet" / "0.1.0"))
    assert (card.name, card.version, card.coverage) == ("knee_resnet", "0.1.0", 0.9)
    assert card.candidates == ("mobilenet_v2", "vit")
    assert "random weights" in card.learned_from
    assert [part.films for part in card.parts] == [3, 3]
    for name in FIGURES:
        assert [str(figure) for figure in card.parts[0].figures(name)] == ["0.33 (0.20 to 0.50)"]
    assert [row["Class"] for row in card.parts[0].classes()] == ["Normal", "Osteopenia", "Osteoporosis"]


def test_a_bundle_without_evidence_has_a_card_without_figures() -> None:
    bare = {"name": "a", "version": "1.0.0", "labels": ["x"], "candidates": {}, "evidence": {}}
    assert model_card(bare).parts == ()


def test_a_figure_that_is_not_defined_says_so_and_is_not_drawn() -> None:
    undefined, defined = Figure("vit", None, None, None), Figure("joint", 0.5, 0.4, 0.6)
    assert str(undefined) == "not defined"
    assert len(intervals([undefined, defined], "Accuracy").data) == 1


def test_an_interval_is_drawn_where_it_lies() -> None:
    (mark,) = intervals([Figure("joint", 0.5, 0.42, 0.6)], "Accuracy").data
    assert mark.x[0] - mark.error_x.arrayminus[0] == 0.42
    assert round(mark.x[0] + mark.error_x.array[0], 9) == 0.6


def test_a_hip_bundles_external_figures_come_first_and_beside_the_internal_ones() -> None:
    description = a_hip_bundle()
    card = model_card(description)
    assert [part.name for part in card.parts] == ["external", "internal", "held_out"]
    assert "virtual patients" in card.parts[0].title
    assert "another make" in card.parts[0].title
    found = description["evidence"]["external"]["answers"]["joint"]["balanced_accuracy"]
    assert card.parts[0].figures("balanced_accuracy")[0].value == found["value"]
    assert f"{found['value']:.2f}" in measured_sentence(card)
    assert "another make" in measured_sentence(card)
    assert {row["Region"] for row in card.parts[0].outlined()} == {"Femoral neck", "Total hip"}
    assert card.parts[2].outlined() == []
    assert card.outliners == ("u_net",)


def test_a_bundle_that_gives_no_class_says_what_it_finds() -> None:
    card = model_card(a_finder())
    assert card.parts == ()
    assert card.coverage is None
    assert "Of 40 whole femora" in measured_sentence(card)
    assert "missed 3" in measured_sentence(card)
    (row,) = card.landmarks()
    assert row == {"Landmark": "Head centre", "Median error": "1.2 %", "95 of 100 within": "4.5 %"}


def test_each_kind_of_bundle_stands_on_one_line_of_the_shelf(tiny_bundle: Path) -> None:
    for description in (a_hip_bundle(), a_finder(), describe(tiny_bundle / "knee_resnet" / "0.1.0")):
        line = shelf_line(model_card(description))
        assert line.startswith(f"{description['name']}@0.1.0")
        assert "\n" not in line


def shipped(name: str) -> ModelCard:
    (folder,) = (ROOT / "weights" / name).iterdir()
    return model_card(describe(folder))


@pytest.mark.parametrize("name", sorted(folder.name for folder in (ROOT / "weights").iterdir() if folder.is_dir()))
def test_every_bundle_that_ships_says_how_good_it_is_in_figures(name: str) -> None:
    said = measured_sentence(shipped(name))
    assert "never measured" not in said
    assert re.search(r"\d", said)


def test_questions_are_told_for_each_set_by_each_network_the_one_that_answers_first() -> None:
    card = shipped("spine_vertex")
    assert [(one.part, one.score) for one in card.scored[:2]] == [
        ("external", "vertebral_fracture"),
        ("external", "osteoporosis"),
    ]
    assert card.scored[0].title.startswith("Vertebral fracture: 600 films of virtual patients on a scanner of another")
    judges = [figure.judge for figure in card.scored[0].areas()]
    assert judges[0] == "With age, sex, BMI"
    assert {"Film alone", "Film alone, heights not measured", "Age, sex, BMI only"} <= set(judges)
    assert str(card.scored[0].areas()[0]) in measured_sentence(card)
    assert set(card.scored[0].rows()[0]) >= {"AUROC", "Sensitivity", "NPV"}
    assert card.bodies[0]["Set"].startswith("Films of virtual patients on a scanner of another make")


def test_views_are_told_by_where_the_films_come_from() -> None:
    card = shipped("view")
    assert re.search(r"names the view of \d+ of \d+ films of virtual patients", measured_sentence(card))
    assert {"Films", "Number", "Right", "Surely wrong"} == set(card.views[0])
    assert any(row["Films"].startswith("Real films, their origin left out") for row in card.views)
