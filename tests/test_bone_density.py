"""Bone density on the road out: a small untrained network on a virtual film, with the finder that ships."""

import json
import shutil
from pathlib import Path

import numpy as np
import pytest
import torch

import reading
from anatomy.femur import REGIONS
from core.clinical import Clinical
from core.reading import Reading
from core.settings import ROOT, settings
from evidence.densitometry import Residuals, who_class
from imaging.preprocess import Preprocess
from models.bundle import Bundle, Node, by_name, save
from models.networks import build
from present.answer import film_html
from present.still import FULL_DENSITY, still
from present.viewer import viewer_data
from recipes.hip_bmd import RECIPE
from simulation import dicom, simulate
from tasks import DENSITY

OPTIONS = {"widths": [4, 8, 8, 8], "hidden": 16, "grid": 6}


@pytest.fixture(scope="module")
def weights(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The bundles that ship for finding and outlining, and an untrained densitometer beside them."""
    root = tmp_path_factory.mktemp("weights")
    for name in ("hip_finder", "hip_regions", "view"):
        if (ROOT / "weights" / name).is_dir():
            shutil.copytree(ROOT / "weights" / name, root / name)
    random = np.random.default_rng(0)
    truth = random.normal(0.8, 0.15, (60, 4))
    answer, spread = truth + random.normal(0, 0.05, truth.shape), np.full_like(truth, 0.01)
    torch.manual_seed(0)
    network = build("light_decomposer", 4, OPTIONS).eval()
    network.scale_density([0.75, 0.7, 0.5, 0.85], [0.05] * 4)
    save(
        Bundle(
            name="hip_bmd",
            version="0.1.0",
            learned_from="nothing: random weights for tests",
            intended_use="For tests.",
            provenance={"seed": 0},
            evidence={"data": {}},
            card="# tiny\n",
            networks=by_name(
                Node(
                    "decomposer",
                    "density",
                    "light_decomposer",
                    OPTIONS,
                    Preprocess((64, 64)).to_dict(),
                    REGIONS,
                    network,
                    Residuals.learn(REGIONS, truth, answer, spread, 0.9).to_dict(),
                ),
            ),
        ),
        root,
    )
    return root


@pytest.fixture(autouse=True)
def _read_with(weights: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OSTEOLENS_WEIGHTS", str(weights))
    settings.cache_clear()


@pytest.fixture(scope="module")
def film(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    file = tmp_path_factory.mktemp("film") / "film.dcm"
    dicom.write(simulate("hip_ap", 91, 0, "alpha", size=768, frame="pelvis"), file, "hip-91-0")
    return file.read_bytes()


@pytest.fixture(scope="module")
def picture() -> bytes:
    import io

    from PIL import Image

    file = io.BytesIO()
    made = simulate("hip_ap", 91, 0, "alpha", size=768, frame="pelvis", truth=False)
    Image.fromarray(np.uint8(made.pixels * 255)).save(file, "PNG")
    return file.getvalue()


def told(readings: list[Reading]) -> list[Reading]:
    assert [one.status for one in readings] == ["read", "read"], [one.refusal for one in readings]
    return readings


def test_each_hip_gets_four_densities_with_intervals_and_a_class_by_its_t_score(film: bytes) -> None:
    for one in told(reading.read(film, "film.dcm", "hip_bmd", Clinical(age_years=70))):
        row = json.loads(json.dumps(one.row(), allow_nan=False))
        assert [region["region"] for region in row["densities"]] == list(REGIONS)
        for region in row["densities"]:
            assert region["interval"][0] < region["abmd_g_cm2"] < region["interval"][1]
            assert (region["t_score"] is None) == (region["reference"] is None)
        scored = [region for region in row["densities"] if region["t_score"] is not None]
        assert row["bmd"] == min(scored, key=lambda region: region["t_score"])
        assert row["label"] == who_class(row["bmd"]["t_score"])
        assert sum(row["probabilities"].values()) == pytest.approx(1, abs=1e-5)


def test_the_map_is_in_g_per_cm2_and_lies_on_the_femur(film: bytes) -> None:
    for one in told(reading.read(film, "film.dcm", "hip_bmd")):
        assert one.radiograph is not None
        assert one.density is not None
        assert one.density.shape == one.radiograph.pixels.shape
        assert one.density.min() >= 0
        middle = one.regions["femur"].centroid_xy
        covered = one.density > 0
        assert covered[int(middle[1]), int(middle[0])]
        assert covered.mean() < 0.5  # the femur's square and no more


def test_under_50_there_is_a_z_score_and_no_class(film: bytes, picture: bytes) -> None:
    for one in told(reading.read(film, "film.dcm", "hip_bmd", Clinical(age_years=40, sex="F"))):
        row = json.loads(json.dumps(one.row(), allow_nan=False))
        assert row["label"] is None
        assert row["probabilities"] == {}
        assert row["bmd"]["region"] == "femoral_neck"
        assert row["bmd"]["z_score"] is not None
        assert "own age and sex" in row["bmd"]["z_reference"]
        shown = film_html([one], lambda _: None)
        assert "Z-score" in shown
        assert "expected range for age" in shown
        assert not any(title in shown for title in ("Osteopenia", "Osteoporosis"))
    for one in told(reading.read(picture, "film.png", "hip_bmd", Clinical(age_years=40), pixel_mm=0.55)):
        assert any("needs the sex" in notice.message for notice in one.warnings)


def test_a_film_without_a_scale_is_refused_unless_one_is_given(picture: bytes) -> None:
    for one in reading.read(picture, "film.png", "hip_bmd"):
        assert one.status == "refused"
        assert one.refusal is not None
        assert one.refusal.code == "missing_spacing"
    given = told(reading.read(picture, "film.png", "hip_bmd", pixel_mm=0.55))
    assert given[0].radiograph is not None
    assert given[0].radiograph.spacing_origin == "marker"


def test_a_scale_that_makes_a_giant_of_the_femur_is_refused_with_its_length(picture: bytes) -> None:
    (one, _) = reading.read(picture, "film.png", "hip_bmd", pixel_mm=3.0)
    assert one.refusal is not None
    assert one.refusal.code == "missing_spacing"
    assert "mm from its head's centre to the lesser trochanter" in one.refusal.message


def test_faces_show_densities_references_and_what_the_colours_mean(film: bytes) -> None:
    readings = told(reading.read(film, "film.dcm", "hip_bmd", Clinical(age_years=70)))
    shown = film_html(readings, lambda _: None)
    for part in ("Bone density", "Femoral neck", "Ward", "NHANES III white female 20-29", "g/cm²"):
        assert part in shown
    data = viewer_data(readings)
    assert data is not None
    assert data["heat"] is not None
    assert data["legend"][2] == f"{FULL_DENSITY:g} g/cm²"
    assert still(readings, 800).size[0] <= 800


def test_other_recipes_say_that_their_map_is_where_the_answer_came_from() -> None:
    from tests.readings import a_reading

    data = viewer_data([a_reading()])
    assert data is not None
    assert data["legend"] == ("Where the answer came from", "Little", "much weight")


def test_the_recipe_needs_no_more_than_its_header_says() -> None:
    assert RECIPE.outputs(DENSITY) == REGIONS
    names = [stage.name for stage in RECIPE.presets["paper"].stages]
    assert names == ["all_bone", "proximal_femur", "density"]
    for stage in RECIPE.presets["paper"].stages[:2]:
        assert (stage.absolute, stage.gradient, stage.matching, stage.adversarial) == (100, 1, 10, 1)
    assert RECIPE.presets["paper"].learning_rate == 1e-4
