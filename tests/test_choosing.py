"""A choice of films, whole: read, previewed, entered, and what the control arm tells."""

import json
from importlib import import_module
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

import cli
import learning
import reading
from annotation.embeddings import kept_embedding
from core.settings import settings

pytestmark = pytest.mark.usefixtures("tiny_weights")


@pytest.fixture
def films(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Six drawn legs, a copy of the first, and a file that is no film."""
    monkeypatch.setenv("OSTEOLENS_LABEL_STUDIO_URL", "")
    settings.cache_clear()
    folder = tmp_path / "films"
    folder.mkdir()
    random = np.random.default_rng(0)
    columns = np.linspace(-1, 1, 360)
    leg = 90 * (np.abs(columns) < 0.7) + 70 * (np.abs(columns) < 0.3)
    for number in range(6):
        coarse = Image.fromarray(np.uint8(random.integers(0, 255, (48, 36)))).resize(
            (360, 480), Image.Resampling.BICUBIC
        )
        Image.fromarray(np.uint8(leg * (0.5 + 0.5 * np.asarray(coarse) / 255))).save(folder / f"SMITH_{number}.png")
    Image.open(folder / "SMITH_0.png").resize((300, 400)).save(folder / "again.png")
    (folder / "none.png").write_bytes(b"no film")
    return folder


def added(capsys: pytest.CaptureFixture[str], films: Path, *words: str, code: int = 0) -> tuple[list[str], str]:
    """The lines of the preview, and what was said besides."""
    assert cli.main(["queue", "add", str(films), *words]) == code
    out = capsys.readouterr()
    return out.out.splitlines()[1:], out.err


def test_a_dry_run_shows_what_the_real_one_enters_and_reads_nothing_twice(
    films: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    words = ("--budget", "4", "--policy", "mixed", "--control", "0.25")
    shown, said = added(capsys, films, *words, "--dry-run")
    assert len(shown) == 4
    assert "4 films would go to the worklist, 1 as control" in said
    assert sum("control" in line for line in shown) == sum("blind" in line for line in shown) == 1
    assert learning.worklist() == []

    monkeypatch.setattr("reading.read", lambda *_: pytest.fail("a film was read twice"))
    entered, _ = added(capsys, films, *words)
    assert entered == shown
    cases = {entry.case_id: entry for entry in learning.worklist()}
    assert list(cases) == [line.split()[0] for line in shown]
    assert "SMITH" not in json.dumps([entry.as_json() for entry in cases.values()])
    for case, entry in cases.items():
        assert learning.film_png(case)
        assert entry.model is not None
        limbs = kept_embedding(settings().home, case, entry.model)
        assert limbs is not None
        assert limbs.dtype == np.float16

    (arm,) = learning.control_arm()
    assert (arm.drawn, arm.judged) == (1, 0)
    assert cli.main(["queue", "status", "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["control"][0]["drawn"] == 1


def test_no_pixel_or_name_of_a_film_that_was_only_offered_is_kept(
    films: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    added(capsys, films, "--budget", "2", "--dry-run")
    kept = [file for file in settings().home.rglob("*") if file.is_file()]
    assert not [file for file in kept if file.suffix == ".png"]
    assert not [file for file in kept if b"SMITH" in file.read_bytes() or "SMITH" in file.name]


def test_a_copy_stays_out_whichever_of_the_two_comes_first(
    films: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    # What an untrained network makes of two films says nothing of how alike they are: compare them all by content.
    module = import_module("annotation.policy.choose")  # its package gives the function under the same name
    monkeypatch.setattr(module, "NEAR", 2.0)
    monkeypatch.setattr(module, "LIKELY_COPIES", 10)
    shown, said = added(capsys, films, "--budget", "7", "--policy", "hard", "--control", "0", "--dry-run")
    assert len(shown) == 6
    assert "1 film passed over as copies" in said
    assert "a copy of" in said


def test_a_film_already_there_is_not_chosen_again(films: Path, capsys: pytest.CaptureFixture[str]) -> None:
    first, _ = added(capsys, films, "--budget", "3", "--policy", "hard", "--control", "0")
    second, said = added(capsys, films, "--budget", "2", "--policy", "diverse", "--control", "0")
    assert not {line.split()[0] for line in first} & {line.split()[0] for line in second}
    assert "3 films in the worklist already" in said
    assert len(learning.worklist()) == 5


def test_an_earlier_read_s_answer_is_not_used_after_another_model_came(films: Path, tiny_weights: Path) -> None:
    source = (films / "SMITH_1.png").read_bytes
    asked = []

    def read(data: bytes, name: str, recipe: str) -> list[reading.Reading]:
        asked.append(name)
        return reading.read(data, name, recipe)

    learning.offer(source, "a", read)
    learning.offer(source, "b", read)
    assert asked == ["a"]
    (tiny_weights / "knee_resnet" / "0.9.0").mkdir()
    try:
        (tiny_weights / "knee_resnet" / "0.9.0" / "config.json").write_text("{}")
        learning.offer(source, "c", read)
    finally:
        (tiny_weights / "knee_resnet" / "0.9.0" / "config.json").unlink()
        (tiny_weights / "knee_resnet" / "0.9.0").rmdir()
    assert asked == ["a", "c"]


@pytest.mark.parametrize("words", [["--dry-run"], ["--policy", "hard"], ["--control", "0.1"]])
def test_a_choice_without_a_budget_is_wrong_use(films: Path, capsys, words: list[str]) -> None:  # type: ignore[no-untyped-def]
    _, said = added(capsys, films, *words, code=2)
    assert "--budget" in said


def test_the_worklist_previews_the_choice_and_puts_it_in(films: Path) -> None:
    from streamlit.testing.v1 import AppTest

    root = Path(__file__).resolve().parent.parent
    app = AppTest.from_file(str(root / "app.py"), default_timeout=300).run()
    app.switch_page("pages/worklist.py").run()
    assert not app.exception
    (uploader,) = app.get("file_uploader")
    uploader.set_value(
        [(file.name, file.read_bytes(), "image/png") for file in sorted(films.glob("SMITH_*.png"))]
    ).run()
    assert not app.exception
    (budget,) = [one for one in app.number_input if one.label == "Budget, films"]
    budget.set_value(2).run()
    assert not app.exception
    table = app.dataframe[0].value
    assert len(table) == 2
    assert list(table["Control arm"]).count("yes, asked blind") == 1
    assert learning.worklist() == []
    (button,) = [one for one in app.button if one.label == "Put 2 in the worklist"]
    button.click().run()
    assert not app.exception
    assert [entry.case_id[:8] for entry in learning.worklist()] == list(table["Case"])
    assert any("drawn at random" in str(one.value) for one in app.caption)
