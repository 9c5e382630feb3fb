"""How good a bundle's questions of yes or no were found to be, and the vertebrae that it names, from its evidence."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from present.measured import Figure
from present.wording import judge_title, score_title

# Films of each set, the least known first.
FILMS = {
    "external": "films of virtual patients on a scanner of another make",
    "internal": "films of virtual patients never learned from",
    "held_out": "films held out of training",
}
FIGURES = {
    "auc": "AUROC",
    "sensitivity": "Sensitivity",
    "specificity": "Specificity",
    "ppv": "PPV",
    "npv": "NPV",
    "brier": "Brier score",
}


@dataclass(frozen=True)
class Scored:
    """One question on one set of films. answers: by network, the one that answers a reading first."""

    part: str
    score: str
    answers: Mapping[str, Mapping[str, Any]]

    @property
    def title(self) -> str:
        return (
            f"{score_title(self.score)}: {self.first['films']} {FILMS[self.part]}, {self.first['positive']} of them yes"
        )

    @property
    def first(self) -> Mapping[str, Any]:
        return next(iter(self.answers.values()))

    def areas(self) -> tuple[Figure, ...]:
        """Each network's AUROC."""
        return tuple(Figure.of(judge_title(judge), one["auc"]) for judge, one in self.answers.items())

    def rows(self) -> list[dict[str, str]]:
        """One row a network: FIGURES as text."""
        return [
            {"Answer": judge_title(judge)}
            | {title: str(Figure.of(judge, one[key])) for key, title in FIGURES.items() if key in one}
            for judge, one in self.answers.items()
        ]


def scored(evidence: Mapping[str, Any]) -> tuple[Scored, ...]:
    """Every question on every set, the set least known first."""
    return tuple(
        Scored(part, score, dict(reversed(of["answers"].items())))  # evidence names those that see most last
        for part in FILMS
        for score, of in evidence.get(part, {}).get("scores", {}).items()
    )


def scores_sentence(all_scored: Sequence[Scored]) -> str:
    """AUROC by question on the set least known, of the network that answers a reading."""
    told = [one for one in all_scored if one.part == all_scored[0].part]
    said = [
        f"{score_title(one.score)}: AUROC {one.areas()[0]} ({one.first['positive']} of {one.first['films']} yes)"
        for one in told
    ]
    return f"On {FILMS[told[0].part]}, {'; '.join(said)}."


def bodies_found(evidence: Mapping[str, Any]) -> list[dict[str, str]]:
    """One row a set: how many vertebral bodies were found, how far off, and how many broken ones were graded so."""
    rows = []
    for part, films in FILMS.items():
        found = evidence.get(part, {}).get("vertebrae", {})
        if "grades" not in found:
            continue
        broken = found["by_grade"]["1 and more"]
        rows.append(
            {
                "Set": films[0].upper() + films[1:],
                "Bodies found": f"{found['found']} of {found['bodies']}",
                "Points off, median": f"{found['point_mm']['median']:.1f} mm",
                "Broken ones": str(broken["bodies"]),
                "of them graded 1 or more": str(Figure.of(part, broken["sensitivity"])),
                "intact ones graded 0": str(Figure.of(part, broken["specificity"])),
            }
        )
    return rows
