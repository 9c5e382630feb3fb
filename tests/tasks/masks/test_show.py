"""What is shown of outlines."""

from core.model_facts import ModelFacts
from evidence.record import Evidence
from tasks.masks import show
from tests.measured import figures_of_sets


def test_the_network_whose_outlines_are_read_stands_for_the_others() -> None:
    found = Evidence.measured(figures_of_sets(("vit",), ("u_net_pp", "u_net")))
    facts = ModelFacts("hip_regions", "0.1.0")
    regions = found.sets["external"].outlines["u_net_pp"]
    assert show.sentence(facts, found) == (
        "IoU of U-Net++ on simulated patients, simulated scanner not used in training: "
        f"femoral neck {regions['femoral_neck'].iou.text(2)}, total hip {regions['total_hip'].iou.text(2)}."
    )
    results = show.results(found)
    assert {one.about for one in results} == {"Femoral neck", "Total hip"}
    assert regions["total_hip"].iou in {one.figure for one in results}
    (section,) = show.card(facts, found)
    (table,) = section.blocks
    assert len(table.rows) == 2 * 2 * 2  # regions, networks, sets
    assert show.card(facts, Evidence.measured(figures_of_sets(("vit",), ()))) == []
