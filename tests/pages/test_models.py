"""The page of models, with small untrained networks behind it."""

from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from core.settings import settings
from tests.bundles import a_finder, a_hip_bundle
from tests.pages.app import ROOT, opened, said

pytestmark = pytest.mark.usefixtures("tiny_weights")


def test_the_models_page_shows_hip_bundles_and_a_finder(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("reading.models", lambda: [a_finder(), a_hip_bundle()])
    app = opened("pages/models.py")
    assert list(app.table[0].value["Reads now"]) == ["none", "none"]  # neither is on the shelf
    assert "37 of 40 complete femora found" in said(app)
    assert "Locates femora for other models" in said(app)
    assert any("Landmark" in one for one in columns_of(app))
    app.selectbox("model").set_value("hip_vit").run()
    assert "External: simulated patients" in said(app)
    assert "Internal: simulated patients" in said(app)
    assert "Networks.** ResNet-50; ViT; U-Net" in said(app)
    assert len(app.get("plotly_chart")) == 3
    assert any({"Region", "IoU", "Dice"} <= one for one in columns_of(app))


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
    assert len(app.table[0].value) == len(list((ROOT / "weights").iterdir()))
    every, columns = "", []
    for name in app.selectbox("model").options:
        app.selectbox("model").select(name).run()
        assert not app.exception
        assert not app.warning
        every += said(app)
        columns += columns_of(app)
    assert "Yes or no for each of: vertebral fracture, osteoporosis" in every
    assert "Views: Hip, AP; Hip, lateral; Knee, AP" in every
    assert "from medial plateau to lateral plateau, about 75 mm" in every
    assert any({"Bodies found", "Fractured bodies"} <= one for one in columns)
    assert any({"Correct", "Confidently wrong"} <= one for one in columns)


def columns_of(app: AppTest) -> list[set[str]]:
    """The heads of every table of figures on the page."""
    return [set(table.value.columns) for table in app.dataframe]


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
