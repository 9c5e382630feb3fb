"""Films: the same for ever, right about their truth, good DICOM."""

import csv
import shutil
import subprocess
from pathlib import Path

import numpy as np
import pydicom
import pytest
import torch

import simulation
from simulation.write import write
from simulation.xray.film import VirtualFilm


def same(a: VirtualFilm, b: VirtualFilm) -> bool:
    return (
        np.array_equal(a.pixels, b.pixels)
        and a.rows == b.rows
        and all(np.array_equal(a.masks[name], b.masks[name]) for name in a.masks)
        and all(np.array_equal(a.projections[name], b.projections[name]) for name in a.projections)
    )


@pytest.mark.parametrize("view", simulation.VIEWS)
def test_a_film_is_the_same_alone_in_a_batch_and_on_any_number_of_threads(view: str) -> None:
    alone = simulation.simulate(view, 5, 2, size=160)
    threads = torch.get_num_threads()
    try:
        torch.set_num_threads(1)
        batch = simulation.batch(view, 5, [1, 2], size=160)
    finally:
        torch.set_num_threads(threads)
    assert same(alone, batch[1])
    assert not same(alone, batch[0])


@pytest.mark.parametrize("scanner", sorted(simulation.SCANNERS))
@pytest.mark.parametrize("view", simulation.VIEWS)
def test_pixels_are_films_and_masks_lie_on_bone(view: str, scanner: str) -> None:
    film = simulation.simulate(view, 1, 4, scanner, size=192)
    assert film.pixels.dtype == np.float32
    assert film.pixels.min() >= 0
    assert film.pixels.max() <= 1
    assert film.pixels.std() > 0.08
    bone = film.projections["all_bone"] > 0
    for name, mask in film.masks.items():
        assert mask.shape == film.pixels.shape
        assert (mask & ~bone).sum() <= 0.02 * mask.sum() + 2, name
    assert film.projections["all_bone"].shape == film.pixels.shape
    for row in film.rows:
        assert row["label"] in ("normal", "osteopenia", "osteoporosis")
        lowest = min(row["t_femoral_neck"], row["t_total_hip"])
        assert row["label"] == ("normal" if lowest >= -1 else "osteopenia" if lowest > -2.5 else "osteoporosis")


def test_a_pelvis_has_two_hips_right_on_the_left_of_the_film() -> None:
    film = simulation.simulate("hip_ap", 1, 0, size=192, frame="pelvis")
    assert [row["side"] for row in film.rows] == ["R", "L"]
    assert film.landmarks["R_head_centre"][0] < film.landmarks["L_head_centre"][0]
    for side in "RL":
        x, y = (round(v) for v in film.landmarks[f"{side}_head_centre"])
        assert film.masks[f"{side}_femur"][y, x]
        assert film.masks[f"{side}_femoral_neck"].sum() > 20
        assert not (film.masks[f"{side}_total_hip"] & ~film.masks[f"{side}_femur"]).any()


def test_a_projection_holds_the_mineral_that_the_dxa_weighed() -> None:
    """Total hip: mineral on the film, brought back to life size, against grams of the virtual DXA (neutral pose)."""
    for index in range(3):
        film = simulation.simulate("hip_ap", 9, index, size=512, frame="hip")
        side = film.rows[0]["side"]
        inside = film.masks[f"{side}_total_hip"]
        on_film = film.projections["proximal_femur"][inside].mean()
        assert on_film == pytest.approx(film.rows[0]["abmd_total_hip"], rel=0.12)


def test_denser_people_have_more_mineral_on_the_film() -> None:
    films = simulation.batch("hip_ap", 3, range(10), size=128, frame="pelvis")
    truth = [f.rows[0]["abmd_total_hip"] for f in films]
    mean = [f.projections["proximal_femur"][f.masks["R_total_hip"]].mean() for f in films]
    assert np.corrcoef(truth, mean)[0, 1] > 0.9


@pytest.mark.parametrize(
    ("call", "said"),
    [
        ({"view": "skull"}, "there are hip_ap"),
        ({"view": "hip_ap", "scanner": "gamma"}, "there are alpha"),
        ({"view": "hip_ap", "size": 8}, "expected 64"),
    ],
)
def test_what_cannot_be_made_is_refused_with_what_can(call: dict, said: str) -> None:
    with pytest.raises(ValueError, match=said):
        simulation.simulate(**{"seed": 1, "index": 0, **call})


def files(folder: Path) -> dict[str, bytes]:
    return {str(p.relative_to(folder)): p.read_bytes() for p in sorted(folder.rglob("*")) if p.is_file()}


def test_a_cohort_is_the_same_after_a_stop_and_with_two_workers(tmp_path: Path) -> None:
    once, stopped, two = tmp_path / "once", tmp_path / "stopped", tmp_path / "two"
    assert list(write("hip_ap", 3, 7, "beta", once, size=128)) == [0, 1, 2, 3]
    running = write("hip_ap", 3, 7, "beta", stopped, size=128)
    assert next(running) == 0
    assert next(running) == 1
    running.close()
    assert not (stopped / "truth.csv").exists()
    assert list(write("hip_ap", 3, 7, "beta", stopped, size=128)) == [1, 2, 3]
    list(write("hip_ap", 3, 7, "beta", two, size=128, workers=2))
    assert files(once) == files(stopped) == files(two)
    with pytest.raises(ValueError, match="choose another folder"):
        list(write("hip_ap", 3, 8, "beta", once, size=128))

    rows = list(csv.DictReader((once / "truth.csv").open()))
    assert {
        "path",
        "patient",
        "label",
        "side",
        "abmd_total_hip",
        "t_femoral_neck",
        "mask_femoral_neck",
        "projection_proximal_femur",
        "age_years",
        "sex",
        "bmi",
        "scanner",
    } <= set(rows[0])
    for row in rows:
        for column, value in row.items():
            if column == "path" or column.startswith(("mask_", "projection_")):
                assert (once / value).exists()


def test_films_of_another_simulator_are_not_mixed_with_this_ones(tmp_path: Path) -> None:
    list(write("knee_ap", 1, 7, "alpha", tmp_path, size=96))
    assert list(write("knee_ap", 2, 7, "alpha", tmp_path, size=96)) == [1, 2]
    first = tmp_path / "films/000000.dcm"
    other = pydicom.dcmread(first)
    other.PixelData = (np.frombuffer(other.PixelData, np.uint16) // 2).tobytes()
    other.save_as(first)
    with pytest.raises(ValueError, match="makes otherwise"):
        list(write("knee_ap", 3, 7, "alpha", tmp_path, size=96))


@pytest.mark.parametrize("scanner", sorted(simulation.SCANNERS))
@pytest.mark.parametrize("view", simulation.VIEWS)
def test_films_are_valid_dicom(view: str, scanner: str, tmp_path: Path) -> None:
    if shutil.which("dciodvfy") is None:
        pytest.skip("dciodvfy is not here: on Debian, apt install dicom3tools")
    list(write(view, 1, 2, scanner, tmp_path, size=160))
    path = tmp_path / "films/000000.dcm"
    said = subprocess.run(["dciodvfy", str(path)], capture_output=True, text=True, check=False).stderr
    assert "Error" not in said, said
    stored = pydicom.dcmread(path)
    film = simulation.simulate(view, 2, 0, scanner, size=160)
    levels = 2**stored.BitsStored - 1
    shown = stored.pixel_array / levels
    if stored.PhotometricInterpretation == "MONOCHROME1":
        shown = 1 - shown
    assert np.abs(shown - film.pixels).max() <= 0.51 / levels + 1e-6


@pytest.mark.parametrize("scanner", ["alpha", "beta"])
def test_the_reading_room_reads_a_virtual_film_as_it_was_made(scanner: str, tmp_path: Path) -> None:
    """Bone bright, the detector's spacing and the side, whatever the file's photometric interpretation."""
    from imaging import read_radiograph

    list(write("hip_ap", 1, 3, scanner, tmp_path, size=192, frame="hip"))
    read = read_radiograph((tmp_path / "films/000000.dcm").read_bytes(), "000000.dcm")
    film = simulation.simulate("hip_ap", 3, 0, scanner, size=192, frame="hip")
    assert np.abs(read.pixels - film.pixels).max() < 2 / 1023
    assert read.spacing_mm is not None
    assert read.side == film.side
    assert read.spacing_mm[0] in (
        pytest.approx(film.spacing_mm[0], rel=1e-4),
        pytest.approx(film.spacing_mm[0] / film.magnification, rel=1e-3),  # brought back to the patient's plane
    )


def test_another_pose_is_the_same_person_on_another_film() -> None:
    """The rig of repeatability: what the DXA finds stays, what the film shows changes."""
    once, again = (simulation.simulate("hip_ap", 6, 1, size=96, pose=pose) for pose in (0, 1))
    assert not np.array_equal(once.pixels, again.pixels)
    for a, b in zip(once.rows, again.rows, strict=True):
        assert a["internal_rotation_deg"] != b["internal_rotation_deg"]
        for name in ("label", "abmd_femoral_neck", "abmd_total_hip", "age_years", "neck_shaft_angle_deg"):
            assert a[name] == b[name]


def test_a_fractured_vertebra_has_lost_the_height_of_its_grade() -> None:
    """Genant grades from the keypoints: the lowest of front, middle and back against the tallest."""
    from simulation.anatomy import spine
    from simulation.patient import draw

    rng = np.random.default_rng(0)
    for kind in ("wedge", "biconcave", "crush"):
        for grade, (low, high) in {1: (0.20, 0.26), 2: (0.25, 0.41), 3: (0.40, 0.60)}.items():
            broken = spine.fracture(kind, grade, rng)
            lost = 1 - min(broken.front, broken.middle, broken.back)
            assert low <= lost <= high
    with pytest.raises(ValueError, match="expected wedge, biconcave or crush"):
        spine.fracture("burst", 1, rng)
    broken_one = next(i for i in range(99) if draw(np.random.default_rng([12, i, 0])).prevalent_fracture)
    film = simulation.simulate("spine_lateral", 12, broken_one, size=64)
    broken_levels = [level for level in spine.LEVELS if film.rows[0][f"genant_{level}"]]
    assert broken_levels
    assert film.rows[0]["fracture"] == 1

    def heights(level: str) -> list[float]:
        ends = [
            [np.array(film.landmarks[f"{level}_{where}_{end}"]) for end in ("upper", "lower")]
            for where in ("front", "middle", "back")
        ]
        return [float(np.linalg.norm(upper - lower)) for upper, lower in ends]

    whole = np.median([heights(level)[2] for level in spine.LEVELS if level not in broken_levels])
    for level in broken_levels:  # a crushed one is low behind as well: its neighbours tell
        assert min(heights(level)) < 0.86 * max(*heights(level), whole)
