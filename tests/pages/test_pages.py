"""The pages with small untrained networks behind them: everything real but the skill."""

import json
from dataclasses import replace
from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

import learning
from core.reading import Reading
from core.settings import settings
from present.samples import SAMPLES
from present.wording import AUTO_TITLE, markdown_safe
from reading import read, ready
from recipes import by_name
from tests.bundles import a_finder, a_hip_bundle
from tests.readings import hip_film, hip_readings

KNEES = [sample for sample in SAMPLES if "knee" in sample.name]
PELVIS = SAMPLES[0]
ROOT = Path(__file__).resolve().parent.parent.parent
pytestmark = pytest.mark.usefixtures("tiny_weights")


@pytest.fixture(autouse=True)
def _no_label_studio(monkeypatch: pytest.MonkeyPatch) -> None:
    """Not the developer's own: a setting in the environment goes before the file .env."""
    monkeypatch.setenv("OSTEOLENS_LABEL_STUDIO_URL", "")
    monkeypatch.setenv("OSTEOLENS_LABEL_STUDIO_TOKEN", "")


def opened(page: str = "pages/read.py") -> AppTest:
    app = AppTest.from_file(str(ROOT / "app.py"), default_timeout=120).run()
    if page != "pages/read.py":
        app.switch_page(page).run()
    assert not app.exception
    return app


def said(app: AppTest) -> str:
    """All that is written on the page."""
    texts = [element.value for kind in ("title", "markdown", "caption", "error", "info") for element in app.get(kind)]
    return "\n".join([*map(str, texts), *(str(element.proto.body) for element in app.get("html"))]).replace("\\", "")


def click(app: AppTest, label: str) -> AppTest:
    (button,) = [button for button in app.button if button.label == label]
    button.click().run()
    assert not app.exception
    return app


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


@pytest.fixture
def two_hips(monkeypatch: pytest.MonkeyPatch) -> list[Reading]:
    """Whatever film is opened, a pelvis with both hips outlined comes back; which recipe was asked for is kept."""
    readings = hip_readings(*hip_film())
    monkeypatch.setattr("reading.read", lambda data, name, **rest: [one.named(name) for one in readings])
    return readings


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
    (choice,) = [one for one in app.selectbox if one.label == "Read as"]
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
    (choice,) = [one for one in app.selectbox if one.label == "Read as"]
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


def test_the_models_page_shows_hip_bundles_and_a_finder(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("reading.models", lambda: [a_finder(), a_hip_bundle()])
    app = opened("pages/models.py")
    assert "37 of 40 complete femora found" in said(app)
    assert "Locates femora for other models" in said(app)
    assert "External: simulated patients" in said(app)
    assert "Internal: simulated patients" in said(app)
    assert "Networks.** ResNet-50; ViT; U-Net" in said(app)
    assert len(app.get("plotly_chart")) == 3
    columns = [set(table.value.columns) for table in app.dataframe]
    assert any({"Region", "IoU", "Dice"} <= one for one in columns)
    assert any("Landmark" in one for one in columns)


def test_another_measure_is_drawn_for_every_set(monkeypatch: pytest.MonkeyPatch) -> None:
    description = a_hip_bundle()
    monkeypatch.setattr("reading.models", lambda: [description])
    app = opened("pages/models.py")
    app.segmented_control[0].set_value("Accuracy").run()
    figure = description["evidence"]["external"]["answers"]["joint"]["accuracy"]
    spec = app.get("plotly_chart")[0].proto.spec
    assert f"{figure['value']:.2f} ({figure['low']:.2f} to {figure['high']:.2f})" in spec


def test_the_models_page_has_figures_for_everything_that_ships(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OSTEOLENS_WEIGHTS", str(ROOT / "weights"))
    settings.cache_clear()
    app = opened("pages/models.py")
    assert len(app.header) == len(list((ROOT / "weights").iterdir()))
    assert not app.warning
    assert "Yes or no for each of: vertebral fracture, osteoporosis" in said(app)
    assert "Views: Hip, AP; Hip, lateral; Knee, AP" in said(app)
    assert "from medial plateau to lateral plateau, about 75 mm" in said(app)
    columns = [set(table.value.columns) for table in app.dataframe]
    assert any({"Bodies found", "Fractured bodies"} <= one for one in columns)
    assert any({"Correct", "Confidently wrong"} <= one for one in columns)


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


def test_a_plain_case_goes_to_the_worklist_by_the_button_and_a_hard_one_by_itself(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("OSTEOLENS_CONTROL_RATE", "0")
    settings.cache_clear()
    app = opened()
    for sample in KNEES:
        click(app, sample.title)
        (reading,) = read(sample.path.read_bytes(), sample.name)
        assert reading.difficulty is not None
        listed = {entry.case_id for entry in learning.worklist()}
        if reading.difficulty.hard:
            assert reading.case_id in listed
            assert "a hard case goes there by itself" in said(app)
        else:
            assert reading.case_id not in listed
            click(app, "Send to the worklist")
            assert reading.case_id in {entry.case_id for entry in learning.worklist()}
            assert "as requested" in said(app)


def test_a_film_sent_by_the_button_takes_both_hips_along(
    two_hips: list[Reading], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("annotation.entering.reasons_to_ask", lambda *_, requested: ["requested"] if requested else [])
    click(click(opened(), SAMPLES[0].title), "Send to the worklist")
    (entry,) = learning.worklist()
    assert entry.case_id == two_hips[0].case_id
    assert entry.sides == ("R", "L")


def test_the_worklist_says_what_waits_for_what_and_how_to_connect() -> None:
    app = opened("pages/worklist.py")
    assert "empty" in said(app)
    (reading,) = read(SAMPLES[0].path.read_bytes(), "x.png")
    learning.enqueue(reading, reason="requested")
    app.run()
    assert "1 film waits for Label Studio" in said(app)
    assert "make label-studio" in said(app)
    (table,) = app.dataframe
    assert reading.case_id is not None
    assert list(table.value["Case"]) == [reading.case_id[:8]]
    assert "Requested" in table.value["Why"][0]
    assert table.value["Film"][0].startswith("data:image/")


def test_the_worklist_tells_a_spine_s_scores() -> None:
    (reading,) = read(SAMPLES[0].path.read_bytes(), "x.png")
    assert reading.case_id is not None
    told = {
        "vertebral_fracture": {"positive": True, "undecided": True},
        "osteoporosis": {"positive": False, "undecided": False},
    }
    row = {**reading.row(), "label": None, "probabilities": {}, "scores": told}
    learning.ledger().enter(reading.case_id, "spine_vertex", ("requested",), row)
    assert list(opened("pages/worklist.py").dataframe[0].value["Answer"]) == ["Vertebral fracture, undecided"]


def test_the_worklist_can_be_narrowed_by_reason() -> None:
    first, second = (read(sample.path.read_bytes(), "x.png")[0] for sample in SAMPLES[:2])
    for reading, reason in ((first, "low_quality"), (second, "requested")):
        assert reading.case_id is not None
        assert reading.recipe is not None
        learning.ledger().enter(reading.case_id, reading.recipe, (reason,), reading.row())
    app = opened("pages/worklist.py")
    assert len(app.dataframe[0].value) == 2
    app.pills[1].set_value(["low_quality"]).run()
    assert list(app.dataframe[0].value["Why"]) == ["Poor film quality"]


def test_a_worklist_that_cannot_be_opened_is_said_in_a_sentence(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "file").touch()
    monkeypatch.setenv("OSTEOLENS_LEDGER_URL", f"sqlite:///{tmp_path}/file/ledger.sqlite")
    settings.cache_clear()
    app = opened("pages/worklist.py")
    assert "check OSTEOLENS_LEDGER_URL" in said(app)


def test_a_film_is_read_even_where_the_worklist_is_broken(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "file").touch()
    monkeypatch.setenv("OSTEOLENS_LEDGER_URL", f"sqlite:///{tmp_path}/file/ledger.sqlite")
    settings.cache_clear()
    app = click(opened(), "Both knees")
    assert app.get("bidi_component")
    assert "check OSTEOLENS_LEDGER_URL" in app.warning[0].value


def test_the_models_page_shows_source_and_figures_with_intervals() -> None:
    app = opened("pages/models.py")
    assert "Nothing: random weights for tests" in said(app)
    assert "(n = 3)" in said(app)
    assert len(app.get("plotly_chart")) == 2
    assert "0.33 (0.20 to 0.50)" in app.get("plotly_chart")[0].proto.spec


def test_without_a_model_the_page_says_where_one_belongs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OSTEOLENS_WEIGHTS", str(tmp_path))
    settings.cache_clear()
    assert "No model is installed" in said(opened("pages/models.py"))
