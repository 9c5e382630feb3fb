"""How the evidence of the task `masks` is shown: regions outlined on the film."""

from collections.abc import Mapping

from core.model_facts import ModelFacts
from core.titles import body_title, network_title, region_title, set_place, set_title, within
from evidence.change import change
from evidence.record import Evidence, FigureSet
from evidence.shown import Answers, Cell, Intervals, Plot, Result, Section, Table
from evidence.study import Study

OUTLINES = {
    "iou": ("IoU", 3),
    "dice": ("Dice", 3),
    "boundary_mm": ("Mean boundary distance, mm", 2),
    "boundary_95_mm": ("95 % Hausdorff distance, mm", 2),
    "found": ("IoU of 0.5 or more", 3),
}


def answers(facts: ModelFacts, evidence: Evidence) -> Answers:
    """Regions that are outlined."""
    found = [one for of in evidence.holding("masks").values() for one in of.outlines.values()]
    regions = ", ".join(dict.fromkeys(region_title(region) for one in found for region in one))
    return Answers(f"Outlines: {regions}.", "image-segmentation")


def sentence(facts: ModelFacts, evidence: Evidence) -> str:
    """IoU of the network whose outlines are read, over the regions, on the set that it knows least."""
    for name, one in evidence.holding("masks").items():
        network, regions = next(iter(one.outlines.items()))
        named = ", ".join(f"{within(region_title(region))} {of.iou.text(2)}" for region, of in regions.items())
        return f"IoU of {network_title(network)} on {set_place(name)}: {named}."
    return ""


def card(facts: ModelFacts, evidence: Evidence) -> list[Section]:
    """Every region by network and set."""
    sets = evidence.holding("masks")
    return [Section("Outlines", (_table(sets, changes=False),), 3), *_by_body(sets, 3)] if sets else []


def intervals(facts: ModelFacts, evidence: Evidence) -> list[Intervals]:
    """None: tables say it."""
    return []


def page(study: Study) -> list[Section]:
    """Every region by network and set, with the change between the first two sets."""
    sets = {name: one for name, one in study.evidence.sets.items() if one.outlines}
    if not sets:
        return []
    truth = "the simulator's own masks" if study.virtual else "the masks of the manifest"
    return [
        Section(
            "Outlines",
            (
                f"Compared with {truth}, at the film's resolution. The proximal femur is compared within its crop "
                "only, because its shaft continues below.",
                _table(sets, changes=len(sets) > 1),
                Plot("outlines", "IoU by region and network, mean and 95 % interval"),
            ),
        ),
        *_by_body(sets, 2),
    ]


def results(evidence: Evidence) -> list[Result]:
    """IoU by region of the network whose outlines are read."""
    return [
        Result("mean_iou", "IoU", of.iou, name, region_title(region))
        for name, one in evidence.holding("masks").items()
        for region, of in next(iter(one.outlines.values())).items()
    ]


def limits(facts: ModelFacts, evidence: Evidence) -> list[str]:
    """None that the figures themselves would tell."""
    return []


def _by_body(sets: Mapping[str, FigureSet], level: int) -> list[Section]:
    """Outlines of the network that is read, by the bones that simulated patients have, where they have several."""
    known = [(name, body, next(iter(networks.values())))
             for name, one in sets.items() for body, networks in one.outlines_by_body.items()]  # fmt: skip
    rows: list[tuple[Cell, ...]] = [
        (region_title(region), set_title(name), body_title(body), of.films,
         *(figure.text(digits) if (figure := getattr(of, key)) else "" for key, (_, digits) in OUTLINES.items()))
        for region in dict.fromkeys(region for _, _, regions in known for region in regions)
        for name, body, regions in known
        if (of := regions.get(region))
    ]  # fmt: skip
    head = ("Region", "Set", "Body", "n", *(title for title, _ in OUTLINES.values()))
    shown = ("Bones of the simulated patients.", Table(head, tuple(rows), grouped=2))
    return [Section("Outlines by body", shown, level)] if rows else []


def _table(sets: Mapping[str, FigureSet], changes: bool) -> Table:
    networks = list(dict.fromkeys(network for one in sets.values() for network in one.outlines))
    regions = list(dict.fromkeys(region for one in sets.values() for of in one.outlines.values() for region in of))
    rows: list[tuple[Cell, ...]] = []
    for region in regions:
        for network in networks:
            about = (region_title(region), network_title(network))
            known = {name: one.outlines.get(network, {}).get(region) for name, one in sets.items()}
            found = {name: one for name, one in known.items() if one}
            for name, one in found.items():
                figures = {key: getattr(one, key) for key in OUTLINES}
                cells = [figure.text(OUTLINES[key][1]) if figure else "" for key, figure in figures.items()]
                rows.append((*about, set_title(name), one.films, *cells))
            if changes and len(found) > 1:
                first, second = list(found.values())[:2]
                pairs = {key: (getattr(first, key), getattr(second, key)) for key in OUTLINES}
                cells = [change(*pair).text(OUTLINES[key][1], signed=True) if all(pair) else ""
                         for key, pair in pairs.items()]  # fmt: skip
                rows.append((*about, "change", "", *cells))
    return Table(("Region", "Network", "Set", "n", *(title for title, _ in OUTLINES.values())), tuple(rows), grouped=2)
