"""The page of models: which version reads, its history, and the buttons that promote and roll back."""

import shutil
from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

import learning
from core.settings import settings
from models import reads
from models.bundle import amend
from present.samples import SAMPLES
from reading import read
from tests.conftest import write_tiny_bundle

ROOT = Path(__file__).resolve().parent.parent.parent
KNEE = next(sample for sample in SAMPLES if "knee" in sample.name)


@pytest.fixture
def weights(tiny_weights: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Two versions of the tiny bundle, of which the recipe names the first."""
    folder = tmp_path / "weights"
    shutil.copytree(tiny_weights, folder)
    write_tiny_bundle(folder, version="0.1.1")
    amend(folder / "knee_resnet" / "0.1.1", {"data": {}}, "# other\n")
    monkeypatch.setenv("OSTEOLENS_WEIGHTS", str(folder))
    settings.cache_clear()
    return folder


def page() -> AppTest:
    app = AppTest.from_file(str(ROOT / "app.py"), default_timeout=120).run()
    app.switch_page("pages/models.py").run()
    assert not app.exception
    return app


def button(app: AppTest, label: str):  # type: ignore[no-untyped-def]
    (found,) = [one for one in app.button if one.label == label]
    return found


def written(app: AppTest) -> str:
    texts = [str(one.value) for kind in ("markdown", "caption", "success", "warning") for one in app.get(kind)]
    return "\n".join(texts).replace("\\", "")


def test_a_version_is_promoted_for_a_reason_and_rolled_back_on_the_page(weights: Path) -> None:
    app = page()
    assert "knee_resnet@0.1.0" in written(app)
    assert button(app, "Promote knee_resnet@0.1.1").disabled  # neither compared nor given a reason
    app.text_input("because-knee_resnet").set_value("tried on our films").run()
    button(app, "Promote knee_resnet@0.1.1").click().run()
    assert not app.exception
    assert reads.named("knee_resnet", weights) == "knee_resnet@0.1.1"
    assert "knee_resnet@0.1.1 reads from the next film on." in written(app)
    assert "tried on our films" in app.dataframe[0].value.to_string()
    button(app, "Roll back to knee_resnet@0.1.0").click().run()
    assert not app.exception
    assert reads.named("knee_resnet", weights) == "knee_resnet@0.1.0"
    assert [one.what for one in learning.history("knee_resnet")] == ["promoted", "rolled back"]


def test_a_reading_of_the_former_version_says_so_and_can_be_made_again(weights: Path) -> None:
    app = AppTest.from_file(str(ROOT / "app.py"), default_timeout=120).run()
    button(app, KNEE.title).click().run()
    assert not app.exception
    assert "Read with" not in written(app)
    learning.promote("knee_resnet@0.1.1", because="a test")
    app.run()
    assert "Read with knee_resnet@0.1.0. knee_resnet@0.1.1 reads films by now." in written(app)
    button(app, "Read again").click().run()
    assert not app.exception
    assert "Read with" not in written(app)


def test_both_limbs_of_a_film_and_the_next_film_have_one_version_each(weights: Path) -> None:
    data = KNEE.path.read_bytes()
    first = read(data, "a", recipe="knee_resnet")
    learning.promote("knee_resnet@0.1.1", because="a test")
    second = read(data, "b", recipe="knee_resnet")
    assert [one.model.version for one in (*first, *second) if one.model] == ["0.1.0", "0.1.1"]
