"""The page Learn: what it asks, counts and refuses; and what it shows of trainings that began elsewhere."""

import json
import os
from datetime import UTC, datetime
from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

import recipes
from core.settings import settings
from jobs import Job, Status, process
from jobs.job import lock_of, new_job
from tests.banded import banded, draw
from tests.pages.app import opened, said


@pytest.fixture(autouse=True)
def _tiny(tiny_bundle: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OSTEOLENS_WEIGHTS", str(tiny_bundle))
    monkeypatch.setitem(recipes.RECIPES, "knee_resnet", banded())
    monkeypatch.setattr(process, "PROGRAM", ("python", "-c", "import time; time.sleep(30)"))
    settings.cache_clear()


def page() -> AppTest:
    return opened("pages/learn.py")


def button(app: AppTest, label: str):  # type: ignore[no-untyped-def]
    (found,) = [one for one in app.button if one.label == label]
    return found


def a_job(home: Path, **told: object) -> Job:
    job = new_job(home, "knee_resnet", "own.csv", None, ("train", "knee_resnet", "--data=own.csv"), "page")
    now = datetime.now(UTC).isoformat()
    curve = [{"epoch": number, "at": now, "loss": 1 / number, "held_out_loss": 1.1 / number, "accuracy": 0.5}
             for number in (1, 2)]  # fmt: skip
    about = {
        "begun": 1, "pid": os.getpid(), "from": now, "at": now, "step": "vit", "step_from": now, "step_done": 0,
        "done": 2.5, "total": 4, "networks": {"vit": {"done": 2.5, "of": 4, "curve": curve}}, **told,
    }  # fmt: skip
    (job.folder / "progress.json").write_text(json.dumps(about))
    return job


def test_films_are_counted_before_a_training_begins(home: Path, tmp_path: Path) -> None:
    table = draw(tmp_path / "films", 0, 30)
    app = page()
    assert "counted here" in said(app)
    app.selectbox("learn-recipe").set_value("knee_resnet").run()
    app.text_input("learn-data").set_value(str(table.parent)).run()  # its folder will do
    assert "30 rows on 30 films; 30 patients. No split is given: a fifth of the patients is held out." in said(app)
    counted = app.dataframe[0].value
    assert list(counted["Answer"]) == ["Normal", "Osteopenia", "Osteoporosis"]
    assert list(counted["Patients"]) == [10, 10, 10]
    assert not button(app, "Start the training").disabled
    button(app, "Start the training").click().run()
    assert not app.exception
    assert "Loading what the training needs" in str(app.get("progress")[0].proto).replace("\\", "")
    (job,) = process.running(home)
    assert job.command[:2] == ("train", "knee_resnet")
    assert job.command[4:6] == ("--from-bundle", "knee_resnet@0.1.0")
    button(app, "Start the training").click().run()
    assert "A training of knee_resnet runs already" in said(app)
    assert len(process.running(home)) == 1


def test_the_films_are_audited_and_the_report_is_offered(tmp_path: Path) -> None:
    table = draw(tmp_path / "films", 0, 6)
    with table.open("a") as lines:
        lines.write("\n" + table.read_text().splitlines()[1])
    app = page()
    app.selectbox("learn-recipe").set_value("knee_resnet").run()
    app.text_input("learn-data").set_value(str(table)).run()
    assert not app.get("download_button")
    button(app, "Audit the films").click().run(timeout=120)
    assert not app.exception
    assert any("1 film stands in several rows for the same side" in one.value for one in app.warning)
    assert [one.proto.label for one in app.get("download_button")] == ["Audit report"]


def test_everything_that_is_wrong_with_a_table_is_said(tmp_path: Path) -> None:
    table = draw(tmp_path / "films", 0, 4)
    lines = table.read_text().splitlines()
    table.write_text("\n".join([*(one + "train" if one[0].isdigit() else one for one in lines[:4]), lines[4] + "tset"]))
    app = page()
    app.selectbox("learn-recipe").set_value("knee_resnet").run()
    app.text_input("learn-data").set_value(str(table)).run()
    for sentence in (
        "says tset in some rows",
        "expected at least 5 of each class",
        "shows 4 people, expected at least 5",
    ):
        assert sentence in said(app)
    assert button(app, "Start the training").disabled
    table.write_text("path,label\nnowhere.png,normal\n0.png,normal\ngone.png,normal\n")
    app.run()
    assert "line 2 names nowhere.png, which is not there, and so do 1 other rows" in said(app)


def test_a_training_that_runs_is_shown_with_its_curves_and_can_be_stopped(home: Path) -> None:
    job = a_job(home)
    with lock_of(job.folder).acquire():
        app = page()
        assert "knee_resnet" in said(app)
        assert [one.label for one in app.button if one.label == "Stop"]
        assert len(app.get("plotly_chart")) == 2
        assert "ViT: epoch 3 of 4" in str(app.get("progress")[0].proto).replace("\\", "")


def test_one_that_was_killed_is_shown_with_its_last_words_and_goes_on(home: Path) -> None:
    job = a_job(home)
    (job.folder / "log.txt").write_text("vit:  50%\rvit:  75%\nout of memory\n")
    (job.folder / "alive").touch()
    app = page()
    assert "ended without a word" in said(app)
    assert any(one.value == "vit:  75%\nout of memory" for one in app.code)
    assert button(app, "Go on with it")


def test_of_several_the_last_is_shown_and_another_may_be_chosen(home: Path) -> None:
    first, last = a_job(home), a_job(home)
    first.end(Status.FAILED, "the first one's fault")
    last.end(Status.STOPPED, "It was stopped.")
    app = page()
    assert "It was stopped." in said(app)
    app.selectbox("learn-job").set_value(first.name).run()
    assert "the first one's fault" in said(app)
