"""The road out, with real code and a small untrained bundle: what it promises whatever the weights."""

import io
import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

import reading
from core.clinical import Clinical
from core.labels import CLASSES
from core.settings import settings
from evidence.out_of_distribution import OutOfDistribution
from imaging import read_radiograph
from models.bundle import by_name, load, save

ROW = {
    "path", "case_id", "status", "recipe", "side", "view", "label", "probabilities", "set", "candidates", "regions",
    "bmd", "difficulty", "refusal", "warnings", "model", "timing_ms",
}  # fmt: skip
pytestmark = pytest.mark.usefixtures("tiny_weights")


def knee_png(seed: int = 0, size: tuple[int, int] = (360, 240)) -> bytes:
    """A drawn leg: soft tissue, two bones, a joint space, and grain."""
    rows, columns = np.mgrid[: size[0], : size[1]] / np.array(size)[:, None, None]
    leg = 0.35 * np.exp(-(((columns - 0.5) / 0.3) ** 4))
    bone = 0.4 * np.exp(-(((columns - 0.5) / (0.1 + 0.12 * np.exp(-(((rows - 0.5) / 0.15) ** 2)))) ** 4))
    bone *= 1 - 0.8 * np.exp(-(((rows - 0.5) / 0.01) ** 2))
    grain = np.random.default_rng(seed).normal(0, 0.02, size)
    file = io.BytesIO()
    Image.fromarray(np.uint8(np.clip(leg + bone + grain, 0, 1) * 255)).save(file, "PNG")
    return file.getvalue()


def test_a_film_gives_one_line_in_the_contract_s_names() -> None:
    (answer,) = reading.read(knee_png(), "a.png")
    row = answer.row()
    assert set(row) >= ROW
    assert row["status"] == "read"
    assert list(row["probabilities"]) == list(CLASSES)
    assert sum(row["probabilities"].values()) == pytest.approx(1, abs=1e-4)
    assert row["label"] == max(row["probabilities"], key=row["probabilities"].get) == row["set"][0]
    assert set(row["candidates"]) == {"mobilenet_v2", "vit"}
    assert row["model"] == {"name": "knee_resnet", "version": "0.1.0"}
    assert json.loads(json.dumps(row, allow_nan=False)) == row


def test_each_network_counts_by_its_weight_and_one_of_weight_0_is_shown_but_changes_nothing(
    tiny_bundle: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (before,) = reading.read(knee_png(), "a.png")
    bundle = load(tiny_bundle / "knee_resnet" / "0.1.0")
    first, second = bundle.networks.values()
    weighed = [replace(node, facts={**node.facts, "weight": weight}) for node, weight in ((first, 1.0), (second, 0.0))]
    save(replace(bundle, networks=by_name(*weighed)), tmp_path)
    monkeypatch.setenv("OSTEOLENS_WEIGHTS", str(tmp_path))
    settings.cache_clear()
    (answer,) = reading.read(knee_png(), "a.png")
    own = answer.row()["candidates"]
    assert own == before.row()["candidates"]
    assert answer.row()["probabilities"] == pytest.approx(own[first.name], abs=1e-4)
    assert before.row()["probabilities"] != pytest.approx(own[first.name], abs=1e-4)
    assert "candidates_disagree" not in answer.difficulty.reasons


def test_the_same_bytes_give_the_same_numbers_whatever_they_are_called() -> None:
    one, two = (reading.read(knee_png(), name)[0].row() for name in ("a.png", "Smith_John.png"))
    for row in (one, two):
        row.pop("timing_ms")
        row.pop("path")
    assert one == two


def test_the_explanation_lies_on_the_film_as_uploaded() -> None:
    (answer,) = reading.read(knee_png(size=(300, 500)), "a.png")
    assert answer.explanation is not None
    assert answer.explanation.shape == (300, 500)
    assert 0 <= answer.explanation.min() <= answer.explanation.max() <= 1


@pytest.mark.parametrize(
    ("data", "code"),
    [
        (b"", "unreadable"),
        (b"hello, I am a text", "unreadable"),
        (b"\x89PNG\r\n\x1a\n" + b"x" * 40, "unreadable"),
    ],
)
def test_a_bad_file_is_a_refusal_of_one_sentence_and_not_an_exception(data: bytes, code: str) -> None:
    (answer,) = reading.read(data, "x.dcm")
    assert answer.status == "refused"
    assert answer.refusal is not None
    assert answer.refusal.code == code
    assert answer.refusal.message.endswith(".")
    assert answer.radiograph is None


def test_a_fault_of_ours_is_failed_and_not_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reading.engine, "answer", lambda *_: 1 / 0)
    (answer,) = reading.read(knee_png(), "a.png")
    assert answer.status == "failed"
    assert answer.refusal is None


def test_a_film_unlike_any_learned_from_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(OutOfDistribution, "distance", lambda *_: np.float64(1e12))
    (answer,) = reading.read(knee_png(), "a.png")
    assert answer.refusal is not None
    assert answer.refusal.code == "wrong_site"
    assert answer.radiograph is not None  # a refused film is shown
    assert answer.radiograph.pixels.shape == read_radiograph(knee_png(), "a.png").pixels.shape


def test_an_unknown_recipe_is_wrong_use_and_names_the_known_ones() -> None:
    with pytest.raises(ValueError, match=r"there are .*knee_resnet"):
        reading.read(knee_png(), "a.png", recipe="elbow")


def test_under_fifty_the_reader_is_told_that_who_classes_do_not_apply() -> None:
    codes = [notice.code for notice in reading.read(knee_png(), "a.png", clinical=Clinical(age_years=40))[0].warnings]
    assert "under_50" in codes
    codes = [notice.code for notice in reading.read(knee_png(), "a.png", clinical=Clinical(age_years=60))[0].warnings]
    assert "under_50" not in codes
    assert "age_not_known" not in codes


def test_a_child_is_refused_with_a_sentence_about_growth_plates() -> None:
    (answer,) = reading.read(knee_png(), "a.png", clinical=Clinical(age_years=9))
    assert answer.refusal is not None
    assert answer.refusal.code == "too_young"
    assert "9 years old" in answer.refusal.message
    assert "growth plates" in answer.refusal.message


def test_without_an_age_the_reader_is_told_whom_who_classes_are_for() -> None:
    codes = [notice.code for notice in reading.read(knee_png(), "a.png")[0].warnings]
    assert "age_not_known" in codes


def test_folders_are_searched_and_hidden_files_passed_over(tmp_path: Path) -> None:
    for name in ("b/1.png", "a/2.png", ".hidden/3.png", "a/.DS_Store"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).touch()
    assert [film.name for film in reading.find_films([tmp_path])] == ["2.png", "1.png"]
    with pytest.raises(FileNotFoundError, match="found nothing at"):
        reading.find_films([tmp_path / "none"])


def test_clinical_values_find_their_film(tmp_path: Path) -> None:
    table = tmp_path / "people.csv"
    table.write_text("path,age_years,sex,note\nfilms/a.png,71,F,x\nfilms/b.png,,,\n")
    known = reading.clinical_table(table)
    assert known[(tmp_path / "films/a.png").resolve()] == Clinical(age_years=71, sex="F")
    assert known[(tmp_path / "films/b.png").resolve()] == Clinical()
    table.write_text("path,age_years\na.png,seventy\n")
    with pytest.raises(ValueError, match="line 2: age_years is 'seventy'"):
        reading.clinical_table(table)
