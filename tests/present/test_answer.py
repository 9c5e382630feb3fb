import re
from dataclasses import replace
from html import unescape

import numpy as np
import pytest

from core.estimate import Difficulty, Estimate
from core.model_facts import ModelSummary
from core.reading import ModelVersion, Reading
from core.refusal import Code, Notice, NoticeCode, Refusal
from core.settings import ROOT
from models import registry
from models.bundle import describe
from present.answer import answer_html, film_html
from present.wording import DISCLAIMER, REASONS, film_verdict
from recipes import by_name
from report.summary import summary_of
from tests.readings import SIDES_ASSUMED, a_reading, a_refusal, hip_film, hip_readings


def words(reading: Reading, card: ModelSummary | None = None) -> str:
    """What a person reads: the answer without tags and style."""
    return re.sub(r"<[^>]*>", " ", re.sub(r"<style>.*?</style>", "", answer_html(reading, card), flags=re.S))


def test_an_answer_says_class_probability_disclaimer_model_and_source() -> None:
    said = words(a_reading())
    for part in ("Osteopenia", "55 %", DISCLAIMER, "knee_resnet, version 0.1.0", "Learned from films of nobody"):
        assert part in said


def test_every_network_says_its_own() -> None:
    said = words(a_reading())
    assert "MobileNetV2" in said
    assert "ViT" in said
    assert {f"{share} %" for share in (10, 60, 30, 50, 20)} <= set(re.findall(r"\d+ %", said))


def test_a_hip_without_a_class_says_so_and_shows_no_probability() -> None:
    young = replace(a_reading(), estimate=Estimate({}, ()), candidates={}, explanation=None, explains=None)
    said = words(young)
    assert "no class under 50" in said
    assert "No class" in said
    assert "Probabilities" not in said


def test_a_hard_case_gives_each_reason_in_words() -> None:
    said = words(a_reading(difficulty=Difficulty(0.7, True, ("near_threshold", "low_quality"))))
    assert REASONS["near_threshold"] in said
    assert REASONS["low_quality"] in said
    assert "A plain case" in words(a_reading(difficulty=Difficulty(0.1, False)))


@pytest.mark.parametrize(
    "reading",
    [
        a_reading(warnings=(Notice(NoticeCode.UNSHARP, "<script>alert(1)</script>"),)),
        a_reading(model=ModelVersion("<img src=x onerror=alert(1)>", "1", "<b>bold</b>")),
        a_reading(difficulty=Difficulty(0.6, True, ("<script>",))),
        Reading("x", "refused", refusal=Refusal(Code.UNREADABLE, "<iframe></iframe>")),
    ],
)
def test_nothing_from_a_file_or_bundle_becomes_a_tag(reading: Reading) -> None:
    tags = set(re.findall(r"<(\w+)", answer_html(reading)))
    assert tags <= {"style", "div", "p", "small", "h4", "span", "i", "b", "ul", "li"}
    assert "onerror=" not in re.sub(r"&lt;.*?&gt;", "", answer_html(reading))


def test_a_refusal_says_its_sentence_and_its_code_and_that_nothing_is_kept() -> None:
    said = words(a_refusal())
    assert "The film is 1 x 1 pixels; send a larger one." in said
    assert "too_small" in said
    assert "Nothing of this file is kept" in said


def test_a_fault_of_ours_is_not_called_a_refusal() -> None:
    said = words(Reading("x.png", "failed"))
    assert "Not read" in said
    assert "Refused" not in said


def test_how_the_model_was_evaluated_stands_beside_the_answer() -> None:
    said = words(a_reading(), ModelSummary("knee_resnet", "0.1.0", 0.9, {}, "Balanced accuracy 0.60 (0.50 to 0.70)."))
    assert "Balanced accuracy 0.60 (0.50 to 0.70)." in said
    assert "90 %" in said


def test_a_map_that_shows_nothing_is_said_not_left_to_be_looked_for() -> None:
    nothing = np.zeros((60, 40), np.float32)
    assert "no explanation map" in words(a_reading(explanation=nothing))
    assert "no explanation map" not in words(a_reading())


def test_a_name_is_not_part_of_the_answer() -> None:
    assert "Doe" not in answer_html(a_reading(path="Doe^Jane.dcm"))


def test_two_hips_have_an_answer_each_and_what_holds_for_the_film_is_said_once() -> None:
    film, masks = hip_film()
    right, left = hip_readings(film, masks)
    said = unescape(film_html([right, left], lambda _: None))
    assert said.count(SIDES_ASSUMED.message) == 1
    assert "Sides are assumed." in said
    assert "Hip, AP, right" in said
    assert "Hip, AP, left" in said
    assert said.index("Osteopenia") < said.index("Hip, AP, left")
    assert said.count(REASONS["region_uncertain"]) == 1
    alone = film_html([left], lambda _: None)
    assert alone == answer_html(left)


def test_a_recipe_without_an_explanation_map_says_nothing_of_one() -> None:
    film, masks = hip_film()
    for reading in hip_readings(film, masks, explanation=None):
        assert "explanation map" not in words(reading)


def test_many_networks_stand_below_each_other_with_their_whole_names() -> None:
    names = [f"densenet121_{region}" for region in ("femoral_neck", "greater_trochanter", "total_hip", "union")]
    answer = {"normal": 0.17, "osteopenia": 0.53, "osteoporosis": 0.3}
    said = answer_html(a_reading(candidates=dict.fromkeys(names, answer)))
    rows = re.findall(r'class="name">([^<]+)', said)
    assert rows[0] == "Ensemble"
    assert "DenseNet121, femoral neck" in rows
    assert len(rows) == 5
    assert said.count("53 %") == 4
    few = answer_html(a_reading())
    assert re.findall(r'class="name">([^<]+)', few) == ["Normal", "Osteopenia", "Osteoporosis"]


def test_two_knees_that_share_a_label_have_it_told_once_for_the_film_and_with_either_alone() -> None:
    film = {"label": "osteopenia", "probabilities": {"normal": 0.2, "osteopenia": 0.6, "osteoporosis": 0.2}}
    knees = [a_reading(side=side, film={**film, "set": ["osteopenia"], "sides": ["R", "L"]}) for side in ("R", "L")]
    together = "Both knees together: osteopenia, 60 %."
    said = film_html(knees, lambda _: None)
    assert said.count(together) == 1
    assert said.index(together) < said.index("Knee, AP, right")
    assert answer_html(knees[1]).count(together) == 1
    assert film_verdict(knees) == together.removesuffix(".")
    one_leg = a_reading(side="L", film={**film, "set": ["osteopenia"], "sides": ["L"]})
    assert "together:" not in answer_html(one_leg)


def test_the_reader_is_told_the_weight_of_each_network() -> None:
    card = summary_of(describe(registry.find(by_name("hip_vit").bundle or "", ROOT / "weights")))
    assert card.weights
    told = answer_html(a_reading(), replace(card, weights={"vit": 0.0, "inception_v3": 0.85}))
    assert "ViT 0.00" in told
    assert "InceptionV3 0.85" in told
    assert 'class="voices"' not in answer_html(a_reading())
