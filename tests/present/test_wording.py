import pytest
from hypothesis import given, strategies as st

from anatomy.femur import OUTLINED
from core.labels import CLASSES
from core.refusal import Code, Notice, NoticeCode
from evidence.difficulty import judge
from present import waiting, wording
from recipes import RECIPES
from tests.readings import SIDES_ASSUMED, a_film, a_reading, a_refusal, hip_film, hip_readings

HARD_CASE_REASONS = {
    "near_threshold", "candidates_disagree", "region_uncertain", "out_of_distribution", "low_quality", "control",
    "requested", "recipes_disagree", "hardest", "diverse", "random",
}  # fmt: skip


@pytest.mark.parametrize("code", Code)
def test_every_refusal_has_a_title_of_its_own(code: Code) -> None:
    assert code in wording.REFUSAL_TITLES
    assert len({wording.refusal_title(one) for one in Code}) == len(Code)


def test_every_reason_for_an_expert_is_said_in_a_title_and_a_sentence() -> None:
    assert set(wording.REASONS) == set(wording.REASON_TITLES) == HARD_CASE_REASONS
    assert all(sentence.endswith(".") for sentence in wording.REASONS.values())


def test_the_reasons_that_the_evidence_gives_are_known_here() -> None:
    near = {"normal": 0.34, "osteopenia": 0.33, "osteoporosis": 0.33}
    far = {"normal": 0.9, "osteopenia": 0.05, "osteoporosis": 0.05}
    other = {"normal": 0.05, "osteopenia": 0.9, "osteoporosis": 0.05}
    assert set(judge(near, ["normal"], [far, other], 2.0, 1.0, []).reasons) <= set(wording.REASONS)


def test_an_unknown_code_is_shown_as_words_not_as_a_fault() -> None:
    assert wording.refusal_title("not_yet_known") == "Not yet known"
    assert wording.reason_sentence("not_yet_known") == "Not yet known."


@given(st.floats(0, 1))
def test_a_probability_is_never_rounded_to_certainty(probability: float) -> None:
    shown = wording.percent(probability)
    assert shown not in ("0 %", "100 %")
    if probability not in (0.0, 1.0):
        assert shown.endswith(" %")


@given(st.lists(st.sampled_from(CLASSES), unique=True))
def test_the_sentence_on_a_set_names_every_class_in_it_and_no_other(members: list[str]) -> None:
    sentence = wording.set_sentence(tuple(members), CLASSES).lower()
    named = {label for label in CLASSES if label in sentence}
    assert named == (set(members) if 0 < len(members) < len(CLASSES) else set())
    assert sentence.endswith(".")


def test_the_promise_of_a_set_is_said_only_where_the_bundle_states_it() -> None:
    assert "90 %" in wording.set_sentence(("normal",), CLASSES, 0.9)
    assert "%" not in wording.set_sentence(("normal",), CLASSES)


@given(st.text(max_size=400))
def test_a_shown_name_is_short_and_holds_no_folder_and_no_control_character(name: str) -> None:
    shown = wording.shown_name(name)
    assert 0 < len(shown) <= 48
    assert "/" not in shown
    assert "\\" not in shown
    assert shown.isprintable()


def test_a_long_name_keeps_its_start_and_its_end() -> None:
    shown = wording.shown_name("../../" + "a" * 300 + "-last.dcm")
    assert shown.startswith("aaa")
    assert shown.endswith("-last.dcm")


@given(st.lists(st.sampled_from(["a.png", "a.png (2)", "b.png"]), max_size=8))
def test_films_of_one_name_are_told_apart_and_keep_their_order(names: list[str]) -> None:
    shown = wording.distinct(names)
    assert len(set(shown)) == len(names)
    assert all(title.startswith(name) for title, name in zip(shown, names, strict=True))


def test_what_the_film_shows_is_said_as_far_as_it_is_known() -> None:
    assert wording.film_title(a_reading(side="R")) == "Knee, AP, right"
    assert wording.film_title(a_reading(view=None)) == "Knee, AP"
    assert wording.film_title(a_refusal()) == "Film"
    assert wording.film_title(a_reading(view=None, radiograph=a_film(), side="both")) == "Knee, AP, both sides"


def test_a_verdict_names_the_class_or_the_refusal() -> None:
    assert wording.verdict(a_reading()) == "Osteopenia, 55 %"
    assert wording.verdict(a_refusal()) == "Refused: too small to read"


@pytest.mark.parametrize(("count", "words"), [(0, "Nothing"), (1, "1 film waits"), (3, "3 films wait")])
def test_what_waits_is_counted_in_good_english(count: int, words: str) -> None:
    assert waiting.waiting_sentence(count, connected=True).startswith(words)


def test_every_network_of_every_recipe_has_a_name_of_its_own() -> None:
    for recipe in RECIPES.values():
        names = [one.name for preset in recipe.presets for one in recipe.candidates(preset)]
        titles = {name: wording.network_title(name) for name in names}
        assert all("_" not in title for title in titles.values())
        assert len(set(titles.values())) == len(set(names))
    assert wording.network_title("densenet121_femoral_neck") == "DenseNet121, femoral neck"
    assert wording.network_title("densenet121_wards_triangle") == "DenseNet121, Ward's triangle"
    assert wording.network_title("densenet121_union") == "DenseNet121, all four regions"
    assert wording.network_title("u_net_pp") == "U-Net++"


def test_every_region_is_named_and_coloured() -> None:
    from present.colours import REGIONS

    assert {*wording.REGIONS} - {"union"} == {*REGIONS} == {*OUTLINED}


def test_what_is_said_of_the_whole_film_is_told_from_what_is_said_of_one_limb() -> None:
    film, masks = hip_film()
    right, left = hip_readings(film, masks)
    own = a_reading(warnings=(SIDES_ASSUMED, Notice(NoticeCode.UNSHARP, "Of this one.")))
    assert wording.shared_warnings([right, left]) == (SIDES_ASSUMED,)
    assert wording.shared_warnings([right, own]) == (SIDES_ASSUMED,)
    assert wording.shared_warnings([right]) == ()


def test_limbs_are_named_by_side_and_part() -> None:
    film, masks = hip_film()
    assert [wording.limb_title(one) for one in hip_readings(film, masks)] == ["Right hip", "Left hip"]
    assert wording.limb_title(a_reading(side=None)) == "Knee"
    assert wording.limb_title(a_refusal()) == "Film"
    assert wording.film_verdict(hip_readings(film, masks)) == "right: osteopenia; left: osteoporosis"


def test_recipes_are_chosen_by_their_titles() -> None:
    titles = {name: one.title for name, one in RECIPES.items()}
    chosen = [wording.recipe_title(name, titles) for name in (wording.AUTO, *titles)]
    assert len(set(chosen)) == len(chosen)
    assert not any("_" in title for title in chosen)


def test_ensemble_weights_say_which_network_has_none() -> None:
    said = wording.weights_sentence({"inception_v3": 0.804, "vit": 0.0})
    assert said == (
        "Ensemble weights, fitted on validation films: InceptionV3 0.80, ViT 0.00. A network with weight 0 is shown "
        "but does not affect the ensemble."
    )
    assert wording.weights_sentence({}) == ""
