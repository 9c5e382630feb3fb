"""What the network of views and the door were found to do, as a page of Markdown. Written anew by each measurement."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from present.page_head import page_head

Study = Mapping[str, Any]


def write_view_page(study: Study, folder: Path) -> Path:
    """Write `folder/view.md`; returns the page.

    study: as `present.evidence_page.write_page` for the head; `virtual`, `left_out`, `real` and `pictures`, each by
    name what `training.view_course.told` gives; and `door`: by recipe and set, how many files were read or refused and
    with which code.
    """
    folder.mkdir(parents=True, exist_ok=True)
    views = study["labels"]
    lines = [
        *page_head(study),
        "Shares stand with their 95 % interval (Wilson) over distinct persons or films, copies once. **Surely wrong** "
        "is what matters at the door: another view told with 80 % and more, or by a distance beyond any learned from.",
        "",
    ]
    for scanner, found in study["virtual"].items():
        lines += [
            f"## Virtual persons nobody learned from, scanner {scanner}: {_share(found['share_right'])} right",
            "",
            f"| {found['films']} films show | " + " | ".join(views) + " | right |",
            "|---|" + "---|" * (len(views) + 1),
            *(
                f"| {view} | "
                + " | ".join(str(counts.get(name, 0)) for name in views)
                + f" | {_share(found['by_view'][view])} |"
                for view, counts in found["taken_for"].items()
            ),
            "",
            f"Surely wrong: {found['surely_wrong']}.",
            "",
        ]
    lines += [
        "## Real films, each origin left out",
        "",
        "Each answered by a network that learned from no film of its origin: what to expect of films from elsewhere. "
        "The hips are six, so their interval is wide. The temperature, one number, was fitted on these answers.",
        "",
        *_table(study["left_out"]),
        "",
        "## Real films, by the network that ships",
        "",
        "It learned from most of them, so this shows only that it did.",
        "",
        *_table(study["real"]),
        "",
        "## Pictures that are no film",
        "",
        "Drawn from a seed that taught nothing; the photographs are details of two that taught as well.",
        "",
        *_table(study["pictures"]),
        "",
    ]
    if study["door"]:
        lines += [
            "## At the door",
            "",
            "Whole readings with all that ships: what the file says, the finder of hips, the network of views, and "
            "each recipe's own distance.",
            "",
            "| recipe | films | files | read | refused |",
            "|---|---|---|---|---|",
            *(
                f"| {recipe} | {name} | {sum(counts.values())} | {_counted(counts, refused=False)} | "
                f"{_counted(counts, refused=True)} |"
                for recipe, sets in study["door"].items()
                for name, counts in sets.items()
            ),
            "",
        ]
    page = folder / f"{study['recipe']}.md"
    page.write_text("\n".join(lines).rstrip() + "\n", encoding="utf-8")
    return page


def _table(sets: Mapping[str, Study]) -> list[str]:
    return [
        "| films | files | right | share of distinct ones | surely right | surely wrong | by distance | taken for |",
        "|---|---|---|---|---|---|---|---|",
        *(
            f"| {name} | {one['films']} | {one['right']} | {_share(one['share_right'])} | {one['surely_right']} | "
            f"{one['surely_wrong']} | {one['by_distance_alone']} | {_taken(one['taken_for'])} |"
            for name, one in sets.items()
        ),
    ]


def _taken(taken_for: Mapping[str, Mapping[str, int]]) -> str:
    return "; ".join(
        ", ".join(f"{count} {name}" for name, count in sorted(counts.items(), key=lambda one: -one[1]))
        for counts in taken_for.values()
    )


def _counted(counts: Mapping[str, int], refused: bool) -> str:
    """Of counts by outcome, `read as RECIPE` or a refusal's code."""
    told = [f"{count} {name}" for name, count in counts.items() if name.startswith("read") != refused]
    return ", ".join(told) or "none"


def _share(figure: Mapping[str, float]) -> str:
    return f"{figure['value']:.3f} ({figure['low']:.3f} to {figure['high']:.3f})"
