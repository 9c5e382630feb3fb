"""The page of the lateral spine, which several measurements write."""

from pathlib import Path

from bench.section import write_section
from present.spine_page import write_spine_page


def study(films: int) -> dict[str, object]:
    figure = {"value": 0.9, "low": 0.8, "high": 0.95}
    answer = {"films": films, "positive": 3, "auc": figure}
    answer |= dict.fromkeys(("sensitivity", "specificity", "ppv", "npv", "brier"), figure)
    found = {
        "films": films,
        "refused": 1,
        "scores": {"osteoporosis": {"answers": {"image": answer}, "gains": {}}},
    }
    return {
        "title": "Spine", "recipe": "spine_vertex", "version": "0.1.0", "data": "virtual", "measured_on": "a machine",
        "made_on": "another", "seed": 0, "learned_from": "virtual patients", "published": None,
        "sets": {"internal": found},
    }  # fmt: skip


def test_measuring_again_replaces_its_own_sections_and_leaves_those_of_others(tmp_path: Path) -> None:
    page = write_spine_page(study(10), tmp_path)
    alone = page.read_text()
    write_section(page, "Transfer", ["A table.", "", "### Fracture", "", "0.9"])
    write_section(page, "Real films", ["Counts."])
    assert write_spine_page(study(20), tmp_path) == page
    text = page.read_text()
    assert text.count("## Internal") == 1
    assert "## Internal: 20 films, 1 refused" in text
    assert "## Transfer\n\nA table.\n\n### Fracture\n\n0.9\n\n## Real films\n\nCounts.\n" in text
    assert text.startswith(alone.replace("10 films", "20 films").rstrip("\n").replace("3 of 10", "3 of 20"))
