"""The pages with small untrained networks behind them: everything real but the skill."""

import json
from dataclasses import replace

import pytest

from core.reading import Reading
from present.samples import SAMPLES
from present.wording import AUTO_TITLE, markdown_safe
from reading import read, ready
from recipes import by_name
from tests.pages.app import KNEES, PELVIS, click, opened, said
from tests.readings import hip_film, hip_readings

pytestmark = pytest.mark.usefixtures("tiny_weights")


@pytest.mark.parametrize(("name", "title"), [("worklist", "Worklist"), ("models", "Models")])
def test_each_page_opens(name: str, title: str) -> None:
    assert opened(f"pages/{name}.py").title[0].value == title


def test_the_workbench_opens_on_reading_and_says_what_it_is_not() -> None:
    app = opened()
    assert app.title[0].value == "Read a film"
    assert "not a medical device" in said(app)


@pytest.mark.parametrize("sample", SAMPLES, ids=lambda sample: sample.name)
def test_a_sample_gives_the_answer_that_the_road_gives(sample) -> None:
    app = click(opened(), sample.title)
    (reading,) = read(sample.path.read_bytes(), sample.name)
    assert reading.estimate is not None
    assert reading.estimate.label.capitalize() in said(app)
    assert "Learned from nothing: random weights for tests" in said(app)
    assert app.get("bidi_component")


def test_the_download_is_the_row_of_the_reading() -> None:
    app = click(opened(), "Both knees")
    (reading,) = read(KNEES[0].path.read_bytes(), KNEES[0].name)
    (offered,) = app.get("download_button")
    assert "JSON" in offered.label
    row = json.loads(json.dumps(reading.row()))
    kept = json.loads(json.dumps(app.session_state["reading_room"].readings.popitem()[1][0].row()))
    assert {key: value for key, value in kept.items() if key != "timing_ms"} == {
        key: value for key, value in row.items() if key != "timing_ms"
    }


def test_an_answer_stands_where_nothing_can_be_kept(two_hips: list[Reading], monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: object, **__: object) -> bool:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("learning.enqueue", full)
    app = click(opened(), PELVIS.title)
    click(app, "Send to the worklist")
    assert not app.exception
    assert "Hip, AP, right" in said(app)
    assert any("No space left on device" in one.value for one in app.warning)


def test_text_of_a_files_tags_is_shown_as_it_is_written(
    two_hips: list[Reading], monkeypatch: pytest.MonkeyPatch
) -> None:
    hostile = "![x](http://192.0.2.1/x.png) <img src=x>"
    film = two_hips[0].radiograph
    assert film is not None
    taken = replace(film, acquisition=replace(film.acquisition, manufacturer=hostile, model=None))
    monkeypatch.setattr("reading.read", lambda *_, **__: [replace(one, radiograph=taken) for one in two_hips])
    app = click(opened(), PELVIS.title)
    (table,) = [one for one in app.table if "Made by" in one.value.index]
    assert table.value.loc["Made by"].item() == markdown_safe(hostile)


def test_each_hip_has_an_answer_of_its_own_and_remarks_on_the_film_are_said_once(two_hips: list[Reading]) -> None:
    app = click(opened(), PELVIS.title)
    (limbs,) = app.get("button_group")
    assert [option.content for option in limbs.proto.options][:2] == ["Right hip: osteopenia", "Left hip: osteoporosis"]
    assert "Hip, AP, right" in said(app)
    assert "Hip, AP, left" not in said(app)
    assert "Uncertain outline" in said(app)
    assert said(app).count("Sides are assumed") == 1
    assert app.get("bidi_component")


def test_a_recipe_can_be_chosen_by_its_title_and_reads_the_film_anew(monkeypatch: pytest.MonkeyPatch) -> None:
    asked = []

    def noted(data: bytes, name: str, recipe: str = "auto", **rest):
        asked.append(recipe)
        return read(data, name, "knee_resnet")

    monkeypatch.setattr("reading.read", noted)
    app = click(opened(), "Both knees")
    (choice,) = [one for one in app.selectbox if one.label == "Method"]
    assert choice.options[0] == AUTO_TITLE
    assert set(choice.options[1:]) == {recipe.title for recipe in ready()}
    choice.set_value("knee_resnet").run()
    assert not app.exception
    assert asked == ["auto", "knee_resnet"]


def test_the_scale_of_a_picture_is_asked_for_where_densities_are_measured_and_handed_on(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    asked, readings = [], hip_readings(*hip_film())

    def noted(data: bytes, name: str, recipe: str = "auto", pixel_mm: float | None = None, **rest):
        asked.append((recipe, pixel_mm))
        return [one.named(name) for one in readings]

    monkeypatch.setattr("reading.read", noted)
    monkeypatch.setattr("reading.ready", lambda: [by_name("knee_resnet"), by_name("hip_bmd")])
    app = click(opened(), PELVIS.title)
    label = "Edge of a pixel, mm"
    assert label not in [one.label for one in app.number_input]
    (choice,) = [one for one in app.selectbox if one.label == "Method"]
    choice.set_value("hip_bmd").run()
    (scale,) = [one for one in app.number_input if one.label == label]
    scale.set_value(0.14).run()
    assert not app.exception
    assert asked == [("auto", None), ("hip_bmd", None), ("hip_bmd", 0.14)]


def test_gradio_hands_the_scale_on_where_it_applies_and_refuses_an_impossible_one(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    import gradio as gr

    import space
    from spaces.room import Room

    asked, readings = [], hip_readings(*hip_film())

    def noted(data: bytes, name: str, recipe: str, clinical: object, pixel_mm: float | None):
        asked.append((recipe, pixel_mm))
        return readings

    monkeypatch.setattr("space.read", noted)
    room = Room().with_film("film.png", b"a film")
    for recipe, given in (("hip_bmd", "0,14"), ("knee_resnet", "0.14"), ("hip_bmd", "")):
        space.read_again(room, recipe, "", "not known", "", given)
    assert asked == [("hip_bmd", 0.14), ("knee_resnet", None), ("hip_bmd", None)]
    for wrong, sentence in (("14", r"expected 0\.01 to 5"), ("a hair", "expected a number or nothing")):
        with pytest.raises(gr.Error, match=sentence):
            space.read_again(room, "hip_bmd", "", "not known", "", wrong)


def test_a_click_elsewhere_reads_nothing_anew(monkeypatch: pytest.MonkeyPatch) -> None:
    calls = []

    def counted(data: bytes, name: str, **rest):
        calls.append(name)
        return read(data, name, **rest)

    monkeypatch.setattr("reading.read", counted)
    app = click(opened(), "Both knees")
    app.run()
    click(app, "Thin bone")
    assert calls == ["both_knees.png", "both_knees_thin_bone.png"]


def test_a_clinical_value_reads_the_film_again_with_it(monkeypatch: pytest.MonkeyPatch) -> None:
    given = []

    def noted(data: bytes, name: str, clinical=None, **rest):
        given.append(clinical.age_years)
        return read(data, name, clinical=clinical, **rest)

    monkeypatch.setattr("reading.read", noted)
    app = click(opened(), "Both knees")
    app.number_input[0].set_value(71.0).run()
    assert given == [None, 71.0]
