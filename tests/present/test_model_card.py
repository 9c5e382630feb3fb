from pathlib import Path

from models.bundle import describe
from present.figures import intervals
from present.model_card import FIGURES, Figure, model_card


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
