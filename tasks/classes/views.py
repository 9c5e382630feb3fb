"""How the evidence of the network of views is shown. Its real films are few and come from many places, so that each
source stands for itself."""

from collections.abc import Mapping

from core.model_facts import ModelFacts
from core.titles import lower_first, view_title
from evidence.record import ViewCounts, ViewFigures
from evidence.shown import Answers, Cell, Result, Section, Table
from evidence.study import Study

TITLES = {
    "virtual": "Simulated patients not used in training, by scanner",
    "left_out": "Real films, leave-one-source-out",
    "real": "Real films, the network that ships",
    "pictures": "Generated images that are not radiographs",
}
NOTES = {
    "left_out": "Each source is predicted by a network trained without it, so this is what to expect on films from "
    "another hospital. The temperature, a single number, was fitted on these predictions.",
    "real": "Most of these films were used in training, so these figures only show that the network fits them.",
    "pictures": "Drawn from a seed not used in training. The photographs are crops of two that were also used in "
    "training.",
}
CONFIDENT = (
    '"Confidently wrong": another view predicted with at least 80 % confidence, or rejected as out of distribution.'
)
SHARES = "Shares are of distinct patients or films (copies counted once), with 95 % Wilson intervals."


def answers(facts: ModelFacts) -> Answers:
    """The views that the network tells apart."""
    return Answers(f"Views: {'; '.join(map(view_title, facts.labels))}.", "image-classification", ("radiograph-view",))


def sentence(views: ViewFigures) -> str:
    """How many films were predicted correctly, simulated and real."""
    said = []
    for of, what in (
        (views.virtual, "simulated films not used in training"),
        (views.left_out, "real films (leave-one-source-out)"),
    ):
        if of:
            said.append(f"{sum(one.right for one in of.values())} of {sum(one.films for one in of.values())} {what}")
    return f"View predicted correctly on {' and '.join(said)}." if said else ""


def card(views: ViewFigures) -> list[Section]:
    """A section a kind of film."""
    return [
        Section("Terms", (SHARES, CONFIDENT), 3),
        *(
            Section(TITLES[name], (*([NOTES[name]] if name in NOTES else []), _counted(of)), 3)
            for name, of in _kinds(views).items()
        ),
    ]


def page(views: ViewFigures, study: Study) -> list[Section]:
    """Confusions by scanner, every source, and what whole readings make of the same films."""
    sections = [Section("Terms", (SHARES, CONFIDENT))]
    labels = study.facts.labels
    for scanner, one in views.virtual.items():
        rows: tuple[tuple[Cell, ...], ...] = tuple(
            (view, *(counts.get(label, 0) for label in labels), one.by_view[view])
            for view, counts in one.taken_for.items()
        )
        table = Table(("True view", *labels, "Correct"), rows)
        sections.append(
            Section(
                f"Simulated patients not used in training, scanner {scanner}",
                (
                    f"{one.share_right} correct of {one.films} films; confidently wrong: {one.surely_wrong}. Rows show "
                    "the true view, columns the prediction.",
                    table,
                ),
            )
        )
    sections += [
        Section(TITLES[name], (NOTES[name], _counted(of))) for name, of in _kinds(views).items() if name != "virtual"
    ]
    if study.routing:
        rows = tuple(
            (recipe, name, sum(counts.values()), _outcomes(counts, True), _outcomes(counts, False))
            for recipe, sources in study.routing.items()
            for name, counts in sources.items()
        )
        sections.append(
            Section(
                "Routing",
                (
                    "Whole readings with every model that ships: the file's own header, the joint detectors, the view "
                    "network, and each recipe's out-of-distribution score.",
                    Table(("Recipe", "Films", "Files", "Read", "Refused"), rows, grouped=1),
                ),
            )
        )
    return sections


def results(views: ViewFigures) -> list[Result]:
    """The share of distinct films predicted correctly, by source."""
    return [
        Result("accuracy", "Share of distinct films correct", one.share_right, kind, name)
        for kind, of in _kinds(views).items()
        if kind in ("virtual", "left_out")
        for name, one in of.items()
    ]


def _kinds(views: ViewFigures) -> dict[str, Mapping[str, ViewCounts]]:
    return {name: getattr(views, name) for name in TITLES if getattr(views, name)}


def _counted(sources: Mapping[str, ViewCounts]) -> Table:
    """A row a source."""
    head = ("Films", "Number", "Correct", "Share of distinct films", "Confidently correct", "Confidently wrong",
            "Rejected as out of distribution", "Predicted as")  # fmt: skip
    rows: tuple[tuple[Cell, ...], ...] = tuple(
        (
            f"{name}, used in training" if one.learned_from else name,
            one.films, one.right, one.share_right, one.surely_right, one.surely_wrong, one.by_distance_alone,
            "; ".join(
                ", ".join(f"{count} {_short(view)}" for view, count in sorted(to.items(), key=lambda x: -x[1]))
                for to in one.taken_for.values()
            ),
        )
        for name, one in sources.items()
    )  # fmt: skip
    return Table(head, rows)


def _outcomes(counts: Mapping[str, int], read: bool) -> str:
    """Of counts by outcome, those `read as RECIPE`, or those refused with a code."""
    told = [f"{count} {name}" for name, count in counts.items() if name.startswith("read") == read]
    return ", ".join(told) or "none"


def _short(view: str) -> str:
    """A view within a list: `knee AP`."""
    return lower_first(view_title(view).replace(", ", " "))
