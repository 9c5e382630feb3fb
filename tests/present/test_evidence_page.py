import json
import re
from pathlib import Path

import pytest
from PIL import Image

from evidence.change import change
from evidence.metrics import Figure
from present.evidence_page import write_page
from present.published import PUBLISHED
from recipes import RECIPES
from tests.measured import REGIONS, a_study


@pytest.fixture(scope="module")
def study() -> dict:
    return a_study(published=PUBLISHED["hip_vit"])


@pytest.fixture(scope="module")
def page(study: dict, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_page(study, tmp_path_factory.mktemp("page"))


def section(page: Path, title: str) -> str:
    (found,) = re.findall(rf"^##+ {re.escape(title)}\n(.*?)(?=^##|\Z)", page.read_text(), re.MULTILINE | re.DOTALL)
    return found


def test_the_page_says_what_was_measured_on_what_by_what(study: dict, page: Path) -> None:
    said = page.read_text()
    assert page.name == "hip_vit.md"
    for part in ("virtual patient", "scanner beta", "2026-01-03", "2026-01-02", "seed 7", "Hefei"):
        assert part in said


def test_every_overall_figure_stands_with_its_interval_and_its_change(study: dict, page: Path) -> None:
    said = section(page, "Answers")
    before, after = (Figure(**study["sets"][name]["answers"]["vit"]["accuracy"]) for name in ("internal", "external"))
    more = change(before, after)
    assert f"{before} | {after} | {more.value:+.3f} ({more.low:+.3f} to {more.high:+.3f})" in said
    assert "0.970 internal; 0.894 external" in said
    for figure in ("accuracy", "balanced accuracy", "quadratic kappa", "Brier score", "calibration error"):
        assert f"| {figure}" in said


def test_every_class_of_every_network_has_its_figures_beside_the_published_ones(study: dict, page: Path) -> None:
    for judge, title in (("joint", "Together"), ("resnet50", "ResNet-50"), ("vit", "ViT")):
        said = section(page, title)
        for name in ("internal", "external"):
            for one in study["sets"][name]["answers"][judge]["classes"].values():
                cells = " | ".join(
                    str(Figure(**one[key])) for key in ("auc", "sensitivity", "specificity", "ppv", "npv")
                )
                assert cells in said
                assert f"{one['prevalence'] * 100:.1f} %" in said
        assert ("published, external" in said) == (judge == "vit")
    assert "| 0.965 |  |  | 0.835 | 0.945 |" in section(page, "ViT")


def test_networks_are_held_against_each_other_and_outlines_are_told_by_region(study: dict, page: Path) -> None:
    assert section(page, "One network against another").count("p ") >= 6
    said = section(page, "Outlines")
    for region in REGIONS:
        one = study["sets"]["external"]["outlines"]["u_net"][region]
        assert f"{Figure(**one['iou'])} | {Figure(**one['dice'])}" in said
        assert f"{one['boundary_mm']['value']:.2f} (" in said
        assert f"{one['boundary_95_mm']['value']:.2f} (" in said


def test_every_picture_on_the_page_is_there_and_bare_of_metadata(page: Path) -> None:
    named = re.findall(r"!\[[^\]]+\]\(([^)]+)\)", page.read_text())
    assert sorted(named) == [f"hip_vit_{what}.png" for what in ("confusion", "outlines", "reliability", "roc")]
    for name in named:
        with Image.open(page.parent / name) as picture:
            assert min(picture.size) > 200
            assert "Software" not in picture.info


def test_tables_are_as_wide_as_their_heads(page: Path) -> None:
    width = 0
    for line in page.read_text().splitlines():
        if not line.startswith("|"):
            width = 0
        else:
            width = width or line.count("|")
            assert line.count("|") == width


def test_one_set_has_no_change_and_is_named_after_its_manifest(tmp_path: Path) -> None:
    page = write_page(a_study(networks=("vit",), outliners=(), sets=("ward_7",), data="ward_7"), tmp_path)
    said = page.read_text()
    assert "change" not in said.lower()
    assert "the films of the manifest ward_7" in said
    assert "virtual patient. None" not in said
    assert "Outlines" not in said
    assert not (tmp_path / "hip_vit_outlines.png").exists()


def test_what_people_wrote_on_the_page_is_kept(tmp_path: Path) -> None:
    study = a_study(networks=("vit",), outliners=())
    page = write_page(study, tmp_path)
    kept = "<!-- kept -->\nTried: larger crops, no better.\n<!-- /kept -->"
    page.write_text(page.read_text().replace("## Films", f"{kept}\n\n## Films"))
    write_page(study, tmp_path)
    assert page.read_text().count(kept) == 1


def test_a_study_is_plain_json_and_gives_the_same_page_again(study: dict, page: Path, tmp_path: Path) -> None:
    again = write_page(json.loads(json.dumps(study, allow_nan=False)), tmp_path)
    assert again.read_text() == page.read_text()


def test_published_figures_are_of_networks_and_classes_that_the_recipe_has() -> None:
    for name, said in PUBLISHED.items():
        recipe = RECIPES[name]
        if recipe.measures:
            assert set(said["figures"]) <= set(recipe.measures)
            continue
        if recipe.scores:
            assert set(said["auc"]) == set(recipe.scores)
            continue
        assert said["judge"] in {one.name for one in recipe.candidates("demo")}
        for one in said["sets"].values():
            assert set(one.get("classes", {})) <= set(recipe.labels)
