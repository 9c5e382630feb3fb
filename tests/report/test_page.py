import json
import re
from pathlib import Path

import pytest
from PIL import Image

from bench.section import write_section
from evidence.change import change
from evidence.figure import UNDEFINED, Figure
from evidence.study import Study
from recipes import RECIPES
from report.page import REST, write
from report.published import PUBLISHED
from tasks import DENSITY, SCORES
from tests.measured import REGIONS, a_study


@pytest.fixture(scope="module")
def study() -> Study:
    return a_study(published=PUBLISHED["hip_vit"])


@pytest.fixture(scope="module")
def page(study: Study, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write(study, tmp_path_factory.mktemp("page"))[1]


def section(page: Path, title: str) -> str:
    (found,) = re.findall(rf"^##+ {re.escape(title)}\n(.*?)(?=^##|\Z)", page.read_text(), re.MULTILINE | re.DOTALL)
    return found


def test_the_page_says_what_was_measured_on_what_by_what(page: Path) -> None:
    said = page.read_text()
    assert page.name == "hip_vit.md"
    for part in ("simulated patients", "(beta)", "2026-01-03", "2026-01-02", "seed 7", "Hefei"):
        assert part in said
    assert "| internal | 60 | 123 | 3 | 1 |" in section(page, "Films")


def test_every_overall_figure_stands_with_its_interval_and_its_change(study: Study, page: Path) -> None:
    said = section(page, "Overall")
    found = [study.evidence.sets[name].answers["vit"].accuracy for name in ("internal", "external")]
    before, after = (one or UNDEFINED for one in found)
    assert f"{before} | {after} | {change(before, after).text(signed=True)}" in said
    assert "0.970 internal; 0.894 external" in said
    assert "external minus internal, with the 95 % CI of the difference, from the two standard errors" in said
    for measure in ("Accuracy", "Balanced accuracy", "Quadratic kappa", "Brier score", "Calibration error"):
        assert f"| {measure}" in said


def test_the_calibration_error_goes_without_an_interval_that_need_not_hold_it(study: Study, page: Path) -> None:
    error = study.evidence.sets["internal"].answers["joint"].calibration_error
    assert error is not None
    assert f"| Calibration error (lower is better) | Ensemble | {error.value:.3f} |" in section(page, "Overall")


def test_every_class_of_every_network_has_its_figures_beside_the_published_ones(study: Study, page: Path) -> None:
    for model, title in (("joint", "Ensemble"), ("resnet50", "ResNet-50"), ("vit", "ViT")):
        said = section(page, title)
        for name in ("internal", "external"):
            for one in study.evidence.sets[name].answers[model].classes.values():
                figures = (one.auc, one.sensitivity, one.specificity, one.ppv, one.npv)
                assert " | ".join(map(str, figures)) in said
                assert f"{one.prevalence * 100:.1f} %" in said
        assert ("published, external" in said) == (model == "vit")
    assert "| 0.965 |  |  | 0.835 | 0.945 |" in section(page, "ViT")


def test_networks_are_compared_and_outlines_are_shown_by_region(study: Study, page: Path) -> None:
    assert section(page, "AUC differences between networks").count(", p ") >= 6
    said = section(page, "Outlines")
    for region in REGIONS:
        one = study.evidence.sets["external"].outlines["u_net"][region]
        assert f"{one.iou} | {one.dice} | {one.boundary_mm.text(2)}" in said


def test_every_plot_on_the_page_is_there_and_bare_of_metadata(page: Path) -> None:
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
    study = a_study(networks=("vit",), outliners=(), sets=("ward_7",), data="ward_7")
    said = write(study, tmp_path)[1].read_text()
    assert "change" not in said.lower()
    assert "the films of the manifest ward_7" in said
    assert "simulated patients." not in said
    assert "Outlines" not in said
    assert not (tmp_path / "hip_vit_outlines.png").exists()


def test_what_people_and_other_measurements_wrote_on_the_page_is_kept(tmp_path: Path) -> None:
    study = a_study(networks=("vit",), outliners=())
    _, page = write(study, tmp_path)
    kept = "<!-- kept -->\nTried: larger crops, no better.\n<!-- /kept -->"
    page.write_text(page.read_text().replace("## Films", f"{kept}\n\n## Films"))
    write_section(page, "Transfer", ["A table.", "", "### Fracture", "", "0.9"])
    write_section(page, "Real films", ["Counts."])
    before = page.read_text()
    assert write(study, tmp_path)[1] == page
    assert page.read_text() == before
    assert before.count(kept) == before.count(REST) == 1
    assert before.endswith("## Transfer\n\nA table.\n\n### Fracture\n\n0.9\n\n## Real films\n\nCounts.\n")


def test_the_figures_are_kept_as_plain_json_under_the_keys_that_scripts_know(study: Study, page: Path) -> None:
    kept = json.loads((page.parent / "hip_vit.json").read_text())
    assert {"recipe", "title", "version", "labels", "data", "learned_from", "measured_on", "seed", "sets"} <= set(kept)
    figure = kept["sets"]["external"]["answers"]["vit"]["accuracy"]
    assert Figure(**figure) == study.evidence.sets["external"].answers["vit"].accuracy


def test_published_figures_are_of_networks_and_classes_that_the_recipe_has() -> None:
    for name, said in PUBLISHED.items():
        recipe = RECIPES[name]
        assert set(said.regions) <= set(recipe.outputs(DENSITY))
        assert set(said.auc) == set(recipe.outputs(SCORES))
        assert bool(said.network) == bool(said.sets)
        if said.network:
            assert said.network in {one.name for one in recipe.candidates("demo")}
        for one in said.sets.values():
            assert set(one.classes) <= set(recipe.labels)
