"""A training set from answers of every kind: what goes in, what stays out, and that it is written whole."""

import csv
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from annotation.export import Exported, ExportFault, export, folder as writing
from annotation.films import Kept
from annotation.policy import CONTROL
from annotation.question import Question
from annotation.readers import Bounds, truths
from core.case import LabeledCase
from core.clinical import Clinical
from core.radiograph import Radiograph
from imaging import read_radiograph, to_dicom
from tests.annotation.readers.panel import NOON, SIZE, Panel, said, square
from tests.questions import SPINE
from training.data.manifest import read_manifest

HIP = Question("hip_vit", "Hip, AP", regions=("femoral_neck", "femur"), sides=("R", "L"))
DISC = tuple((50 + 20 * np.cos(turn), 50 + 20 * np.sin(turn)) for turn in np.linspace(0, 2 * np.pi, 40, endpoint=False))


class Desk(Panel):
    """A panel whose films are kept as they were read."""

    def keep(self, number: int, **known: Any) -> Radiograph:
        pixels = np.random.default_rng(number).random(SIZE[::-1]).astype(np.float32)
        film = Radiograph(pixels, f"{number:024x}", site="hip", view="ap", **known)
        Kept.save(self.home, film)
        return film

    def draw_as_control(self, entry: int) -> None:
        case = self.ledger.entry_numbered(entry)
        assert case is not None
        self.ledger.enter(case.case_id, self.recipe, [CONTROL], {"side": "R"}, NOON)

    def write(self, out: Path, question: Question = HIP, **more: Any) -> Exported:
        found = truths(self.ledger, self.home, Bounds(), question.recipe)
        return export(found, self.ledger, self.home, question, out, to_dicom, "k" * 12, **more)


@pytest.fixture
def desk(home: Path) -> Desk:
    home.mkdir()
    return Desk(home)


def table(made: Exported) -> dict[tuple[str, str], dict[str, str]]:
    """The manifest's rows by case and side."""
    with made.manifest.open() as file:
        return {(row["case_id"].lstrip("0"), row["side"]): row for row in csv.DictReader(file)}


def mask_of(made: Exported, row: dict[str, str], region: str) -> np.ndarray:
    with Image.open(made.manifest.parent / row[f"mask_{region}"]) as picture:
        return np.asarray(picture) > 127


def test_classes_masks_and_what_is_known_of_a_film_stand_in_the_manifest(desk: Desk, tmp_path: Path) -> None:
    film = desk.keep(
        1, spacing_mm=(0.2, 0.15), spacing_origin="detector", patient="p" * 12, clinical=Clinical(71, "F", 24.5)
    )
    neck = square(30, 20, 11)
    desk.case(
        1,
        [
            said("osteopenia", "R", certainty="fairly sure", masks={"femoral_neck": neck}, outlines={"femur": (DISC,)}),
            said("normal", "L", remark="Mrs Smith, seen on Monday"),
        ],
    )
    made = desk.write(tmp_path / "set")
    right, left = (table(made)["1", side] for side in "RL")
    assert (right["label"], right["patient"], right.get("split"), right["arm"]) == (
        "osteopenia",
        "p" * 12,
        None,
        "chosen",
    )
    assert (right["certainty"], right["readers"], right["blind"]) == ("fairly sure", "reader-1", "1")
    assert (right["settled_class"], right["settled_femoral_neck"]) == ("single", "single")
    assert (right["age_years"], right["sex"], right["bmi"]) == ("71", "F", "24.5")
    assert (right["spacing_row_mm"], right["spacing_column_mm"], right["spacing_origin"]) == ("0.2", "0.15", "detector")
    np.testing.assert_array_equal(mask_of(made, right, "femoral_neck"), neck.pixels())
    rows, columns = np.mgrid[: SIZE[1], : SIZE[0]] + 0.5
    ellipse = ((columns / SIZE[0] - 0.5) / 0.2) ** 2 + ((rows / SIZE[1] - 0.5) / 0.2) ** 2 < 1
    assert (mask_of(made, right, "femur") != ellipse).mean() < 0.005
    assert (left["mask_femoral_neck"], left["mask_femur"]) == ("", "")  # unknown, which is not absent

    again = read_radiograph((made.manifest.parent / right["path"]).read_bytes(), "film")
    assert np.abs(again.pixels - film.pixels).max() <= 0.5 / 65535 + 1e-7
    assert (again.spacing_mm, again.spacing_origin, again.patient) == ((0.2, 0.15), "detector", None)
    assert (again.site, again.view, again.clinical.age_years, again.clinical.sex) == ("hip", "ap", 71, "F")
    assert "Smith" not in "".join(path.read_bytes().decode("latin-1") for path in files(made))

    manifest = read_manifest(made.manifest)
    assert [(one.label, one.patient, one.others["side"]) for one in manifest.examples] == [
        ("osteopenia", "p" * 12, "R"),
        ("normal", "p" * 12, "L"),
    ]


def files(made: Exported) -> list[Path]:
    return sorted(path for path in made.manifest.parent.rglob("*") if path.is_file())


def test_what_is_not_settled_stays_out_and_is_counted(desk: Desk, tmp_path: Path) -> None:
    desk.case(1, [said("normal")])
    desk.case(2)  # nobody has answered
    desk.case(3, [said("normal")], [said("osteopenia")])
    desk.case(4, [said(None, reasons=("bone cut off",))])
    desk.case(5, [said("normal")], asked=2)
    desk.case(6, [said("normal")])
    (desk.home / "films" / f"{6:024x}.png").unlink()
    made = desk.write(tmp_path / "set")
    assert [case for case, _ in table(made)] == ["1"]
    kinds = {
        "disagree": 1, "cannot be judged": 1, "reader 2 has not answered yet": 2, "film is no longer": 1,
    }  # fmt: skip
    for word, count in kinds.items():
        assert sum(number for why, number in made.left_out.items() if word in why) == count, (word, made.left_out)
    assert made.rows == 1
    about = json.loads((tmp_path / "set" / "export.json").read_text())
    assert about["left_out"] == dict(made.left_out)
    assert str(tmp_path) not in json.dumps(about)

    decided = LabeledCase(f"{3:024x}", "osteoporosis", "chief", NOON, "hip_vit", "R")
    desk.ledger.adjudicate(3, decided, "seen together")
    row = table(desk.write(tmp_path / "set"))["3", "R"]
    assert (row["label"], row["settled_class"]) == ("osteoporosis", "adjudicated")
    assert row["readers"].split() == ["reader-1", "reader-2", "chief"]


def test_regions_of_several_readers_are_their_consensus_and_those_that_differ_stay_unknown(
    desk: Desk, tmp_path: Path
) -> None:
    one, other, far = square(30, 20, 20), square(31, 20, 20), square(80, 60, 20)
    desk.case(
        1,
        [said(masks={"femoral_neck": one, "femur": one})],
        [said(masks={"femoral_neck": other, "femur": far})],
    )
    made = desk.write(tmp_path / "set")
    row = table(made)["1", "R"]
    drawn = mask_of(made, row, "femoral_neck")
    assert (one.pixels() & other.pixels() & ~drawn).sum() == 0
    assert (drawn & ~(one.pixels() | other.pixels())).sum() == 0
    assert (row["label"], row["settled_class"], row["settled_femoral_neck"]) == ("normal", "agreed", "agreed")
    assert row.get("mask_femur", "") == ""
    assert made.unsettled == {"femur": 1}


def test_the_control_arm_is_kept_for_a_test_with_its_patients(desk: Desk, tmp_path: Path) -> None:
    for number, patient in ((1, "a"), (2, "b"), (3, "a"), (4, "d")):
        desk.keep(number, patient=patient * 12)
        desk.case(number, [said()], blind=number != 4)
    for number in (1, 4):
        desk.draw_as_control(number)
    made = desk.write(tmp_path / "set")
    rows = {case: (row["arm"], row["split"]) for (case, _), row in table(made).items()}
    # 3 shows the patient of 1; 4 was answered with the model's answer in view, so it tests nothing
    assert rows == {"1": ("control", "test"), "2": ("chosen", "train"), "4": ("chosen", "train")}
    assert made.left_out["another film of the patient is kept for a test"] == 1

    learned = desk.write(tmp_path / "set", taught={f"{1:024x}"})  # by a bundle, from the film of 1
    assert learned.splits == {"train": 4}
    assert not any("split" in row for row in table(learned).values())  # a training draws its own
    everything = desk.write(tmp_path / "set", control_tests=False)
    assert everything.splits == {"train": 4}


def test_a_spines_findings_grades_and_points_stand_in_the_manifest(home: Path, tmp_path: Path) -> None:
    home.mkdir()
    desk = Desk(home, "spine_vertex")
    findings = {"osteoporosis": "no", "genant_T12": "2"}
    desk.case(1, [said(None, None, findings=findings, points={"T12_front_upper": (25.0, 50.0)})])
    desk.case(2, [said("both", None, findings={"vertebral_fracture": "yes", "osteoporosis": "yes"})])
    made = desk.write(tmp_path / "set", SPINE)
    rows = {case: row for (case, _), row in table(made).items()}
    assert (rows["1"]["label"], rows["1"]["osteoporosis"], rows["1"]["fracture"]) == ("", "0", "")
    assert rows["1"]["genant_T12"] == "2"
    assert json.loads(rows["1"]["landmarks"]) == {"T12_front_upper": [0.25 * SIZE[0] - 0.5, 0.5 * SIZE[1] - 0.5]}
    assert (rows["2"]["label"], rows["2"]["osteoporosis"], rows["2"]["fracture"]) == ("", "1", "1")

    from recipes import by_name
    from tasks import LANDMARKS, SCORES
    from tasks.landmarks.marks import known_of
    from tasks.scores.truth import answers_of

    one, two = read_manifest(made.manifest).examples
    scores, points = by_name("spine_vertex").part(SCORES), by_name("spine_vertex").part(LANDMARKS)
    assert scores is not None
    assert points is not None
    np.testing.assert_array_equal(answers_of(scores, one), [np.nan, 0])
    np.testing.assert_array_equal(answers_of(scores, two), [1, 1])
    assert known_of(one, points.outputs, complete=False).sum() == 1


def test_datasets_opens_it_offline_with_typed_columns(
    desk: Desk, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    film = desk.keep(1)
    desk.keep(2)
    neck = square(30, 20, 11)
    desk.case(1, [said("osteopenia", masks={"femoral_neck": neck}), said("normal", "L")])
    desk.case(2, [said("osteoporosis")])
    desk.draw_as_control(2)
    monkeypatch.setattr("annotation.export.dataset.SHARD_BYTES", 1)  # a file a row
    made = desk.write(tmp_path / "set")
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    datasets = pytest.importorskip("datasets")
    found = datasets.load_dataset(str(made.dataset), cache_dir=str(tmp_path / "cache"))
    assert {split: len(rows) for split, rows in found.items()} == {"train": 2, "test": 1}
    train = found["train"]
    assert isinstance(train.features["mask_femoral_neck"], datasets.Image)
    assert train.features["label"].names == ["normal", "osteopenia", "osteoporosis"]
    right, left = sorted(train, key=lambda row: row["side"] != "R")
    levels = np.asarray(right["image"])
    assert np.abs(levels / 65535 - film.pixels).max() < 1e-5
    np.testing.assert_array_equal(np.asarray(right["mask_femoral_neck"]) > 127, neck.pixels())
    assert (right["label"], left["label"], left["mask_femoral_neck"]) == (1, 0, None)
    assert right["readers"] == ["reader-1"]
    card = (made.dataset / "README.md").read_text()
    assert "3 rows" in card
    assert "white inside" in card


def test_a_second_export_takes_the_place_of_the_first_and_of_nothing_else(desk: Desk, tmp_path: Path) -> None:
    desk.case(1, [said()])
    out = tmp_path / "set"
    desk.write(out)
    desk.case(2, [said()])
    made = desk.write(out)
    assert {case for case, _ in table(made)} == {"1", "2"}
    assert [path.name for path in tmp_path.iterdir() if path.name.startswith(".set")] == []

    (out / "runs").mkdir()
    with pytest.raises(ExportFault, match="holds runs, which no export wrote"):
        desk.write(out)
    assert (out / "manifest.csv").exists()
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "manifest.csv").write_text("path\n")
    with pytest.raises(ExportFault, match="which no export wrote"):
        desk.write(tmp_path / "mine")


@pytest.mark.parametrize("broken", ["_write_manifest", "write_dataset", "data_card"])
def test_it_is_written_whole_or_not_at_all(
    desk: Desk, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, broken: str
) -> None:
    desk.case(1, [said()])
    out = tmp_path / "set"
    desk.write(out)
    before = {path: path.read_bytes() for path in out.rglob("*") if path.is_file()}
    desk.case(2, [said()])

    def fails(*_: object) -> Callable[..., None]:
        raise OSError("no space left on device")

    monkeypatch.setattr(writing, broken, fails)
    with pytest.raises(OSError, match="no space"):
        desk.write(out)
    assert {path: path.read_bytes() for path in out.rglob("*") if path.is_file()} == before
    assert not [path for path in tmp_path.iterdir() if path.name.startswith(".set")]


def test_what_a_killed_export_left_is_taken_away(desk: Desk, tmp_path: Path) -> None:
    desk.case(1, [said()])
    left = tmp_path / ".set.0011.part"
    left.mkdir()
    (left / ".lock").touch()
    desk.write(tmp_path / "set")
    assert not left.exists()


def test_nothing_settled_is_said(desk: Desk, tmp_path: Path) -> None:
    desk.case(1)
    with pytest.raises(ExportFault, match="1 times: the reader has not answered yet"):
        desk.write(tmp_path / "set")
    assert not (tmp_path / "set").exists()
