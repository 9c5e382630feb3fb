"""The question put to the expert: valid for Label Studio, complete, and silent about the model."""

import re
from dataclasses import replace
from xml.etree import ElementTree

import pytest
from label_studio_sdk.label_interface import LabelInterface

from annotation.question import BRUSH, CANNOT_BE_JUDGED, CLASS, MAIN, REGIONS, REMARK, SURE, Question
from annotation.question.keys import KEYS, keys_of
from core.labels import CLASSES
from core.vertebra import LEVELS, OUTPUTS
from tests.questions import KNEE, SPINE

HIP = Question(
    "hip_regions", "Hip, AP", regions=("femoral_neck", "greater_trochanter", "wards_triangle"), sides=("R", "L")
)
KEYED = ("Choice", "Label")  # what Label Studio gives a key to
ALL = pytest.mark.parametrize("question", [MAIN, KNEE, HIP, SPINE], ids=lambda question: question.recipe or "main")


@ALL
def test_the_sdks_own_parser_finds_the_configuration_valid(question: Question) -> None:
    interface = LabelInterface(question.config())
    interface.validate()
    assert interface.validate_task({"data": {"image": "/data/upload/1/film.png", "about": question.about}})


@ALL
def test_every_class_can_be_chosen_and_so_can_that_it_cannot_be_judged(question: Question) -> None:
    interface = LabelInterface(question.config())
    for control in question.class_controls.values():
        assert list(interface.get_control(control).labels) == [*question.labels, CANNOT_BE_JUDGED]


@ALL
def test_a_reader_can_zoom_and_set_brightness_and_contrast(question: Question) -> None:
    film = LabelInterface(question.config()).get_object("film")
    assert {film.attr[name] for name in ("zoom", "zoomControl", "brightnessControl", "contrastControl")} == {"true"}


def test_hips_are_judged_each_for_itself_and_their_regions_outlined() -> None:
    interface = LabelInterface(HIP.config())
    assert set(HIP.class_controls.values()) == {"class_R", "class_L"}
    assert set(interface.get_control(f"{REGIONS}_L").labels) == {
        "femoral neck L",
        "greater trochanter L",
        "wards triangle L",
    }
    with pytest.raises(Exception, match=CLASS):
        interface.get_control(CLASS)


@ALL
def test_certainty_and_a_remark_may_be_given_and_need_not(question: Question) -> None:
    interface = LabelInterface(question.config())
    for name in (SURE, REMARK):
        assert "required" not in interface.get_control(name).attr
    for name in question.class_controls.values():
        assert interface.get_control(name).attr["required"] == "true"


def test_only_the_plain_question_goes_to_the_main_project() -> None:
    assert KNEE.labels == CLASSES
    assert KNEE.project_title("Osteolens") == "Osteolens"
    assert KNEE.config() == MAIN.config()  # so that the project made beforehand serves it
    assert HIP.project_title("Osteolens") == "Osteolens hip_regions blind"
    assert len(HIP.project_title("O" * 50)) <= 50


@ALL
def test_every_choice_and_label_has_a_key_of_its_own_and_the_instruction_names_exactly_them(
    question: Question,
) -> None:
    root = ElementTree.fromstring(question.config())
    offered = [(element.get("value"), element.get("hotkey")) for element in root.iter() if element.tag in KEYED]
    keys = [key for _, key in offered]
    assert None not in keys
    assert len(set(keys)) == len(keys) >= 4
    assert not {"b", "e", "h", "k", "p", "u", "v", "[", "]", "shift+1", "shift+2"} & set(keys)  # keys of the tools
    told = re.findall(r"<b>([^<]+)</b> ([^<,;]*[^<,; ])", question.instruction().partition("Keys,")[2])
    listed = [(key, choice) for control in question.hotkeys.values() for choice, key in control.items()]
    assert sorted(key for key, _ in told) == sorted(keys)
    assert sorted(listed) == sorted((key, value) for value, key in offered)
    for key, choice in listed:
        assert f"<b>{key}</b> {choice}" in question.instruction()


def test_keys_run_out_with_a_sentence() -> None:
    with pytest.raises(ValueError, match=f"{len(KEYS) + 1} choices were asked for and there are {len(KEYS)} keys"):
        keys_of({"many": [str(number) for number in range(len(KEYS) + 1)]})


def test_where_one_film_has_one_answer_zero_says_that_it_cannot_be_judged() -> None:
    assert MAIN.hotkeys[CLASS] == {"normal": "1", "osteopenia": "2", "osteoporosis": "3", CANNOT_BE_JUDGED: "0"}
    assert HIP.hotkeys["class_R"][CANNOT_BE_JUDGED] == "4"


def test_a_spine_is_asked_for_fracture_osteoporosis_grades_and_points() -> None:
    interface = LabelInterface(SPINE.config())
    for finding in ("vertebral_fracture", "osteoporosis"):
        assert list(interface.get_control(finding).labels) == ["yes", "no", CANNOT_BE_JUDGED]
        assert interface.get_control(finding).attr["required"] == "true"
    for level in LEVELS:
        assert list(interface.get_control(f"genant_{level}").labels) == ["0", "1", "2", "3"]
        assert "required" not in interface.get_control(f"genant_{level}").attr
    assert list(interface.get_control("points").labels) == [point.replace("_", " ") for point in OUTPUTS]
    assert "Bone density" not in SPINE.config() + SPINE.instruction()
    assert "Genant grade" in SPINE.instruction()


def test_regions_may_be_painted_or_outlined() -> None:
    interface = LabelInterface(HIP.config())
    for side in "RL":
        painted, outlined = interface.get_control(f"{BRUSH}_{side}"), interface.get_control(f"{REGIONS}_{side}")
        assert (painted.tag, outlined.tag) == ("BrushLabels", "PolygonLabels")
        assert list(painted.labels) == list(outlined.labels)


@ALL
def test_a_question_that_is_not_blind_goes_to_a_project_of_its_own_and_says_so(question: Question) -> None:
    shown = replace(question, blind=False, model="name@1.2.3")
    assert shown.project_title("Osteolens").endswith(" relabel 1.2.3")
    assert shown.project_title("O" * 50).endswith(" relabel 1.2.3")
    assert len(shown.project_title("O" * 50)) == 50
    assert "filled in" in shown.instruction()
    assert "filled in" not in question.instruction()
    assert "from the film alone" in question.instruction()
    assert shown.config() == question.config()  # so that an answer is read in the same way, however it was asked for
