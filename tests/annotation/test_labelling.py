"""The question put to the expert: valid for Label Studio, complete, and silent about the model."""

import pytest
from label_studio_sdk.label_interface import LabelInterface

from annotation.labelling import CANNOT_BE_JUDGED, CLASS, MAIN, REGIONS, REMARK, SURE, Question
from core.labels import CLASSES

KNEE = Question("knee_resnet", "Knee, AP")
HIP = Question(
    "hip_regions", "Hip, AP", regions=("femoral_neck", "greater_trochanter", "wards_triangle"), sides=("R", "L")
)
SPINE = Question("spine_vertex", "Spine, lateral", labels=("fracture", "no fracture"))
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
    assert HIP.project_title("Osteolens") == "Osteolens hip_regions"
    assert len(HIP.project_title("O" * 50)) <= 50


@ALL
def test_every_choice_has_a_key_of_its_own_and_the_instruction_names_it(question: Question) -> None:
    interface, taken = LabelInterface(question.config()), []
    for control in question.class_controls.values():
        for label, attributes in interface.get_control(control).labels_attrs.items():
            taken.append(attributes.attr["hotkey"])
            assert f"<b>{taken[-1]}</b> {label}" in question.instruction()
    assert len(taken) == len(set(taken)) == len(question.class_controls) * (len(question.labels) + 1)
