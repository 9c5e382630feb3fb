"""The scores of a lateral spine: what each network of a bundle answers, calibrated, and what it adds up to."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import torch

from core.clinical import Clinical
from core.estimate import Difficulty, Estimate, Score
from core.radiograph import Radiograph
from core.refusal import Code, Notice, NoticeCode, Refused
from core.regions import Regions
from core.vertebra import Vertebra
from evidence.difficulty import judge
from evidence.explanation import grad_cam
from evidence.scores import Line, about_line, scaled
from imaging.preprocess import Preprocess
from models import engine
from models.bundle import Bundle, Candidate
from recipes.clinical import KNOWN, ClinicalScale
from recipes.finding import Case, Finding, strangeness
from recipes.spine import FEWEST, FRACTURE, as_region, find_vertebrae, greatest_loss

YES, NO = "yes", "no"


@dataclass(frozen=True, eq=False)
class Asked:
    """One network's answers: probability by score, with the lines, and what lies behind them: its output, and the
    clinical values it was told, if any."""

    candidate: Candidate
    probabilities: dict[str, float]
    lines: dict[str, Line]
    behind: engine.Answer
    clinical: engine.Array | None = None


def find_scores(case: Case) -> Finding:
    """Questions of yes or no about a spine read as a whole, and the vertebrae found on it. Raises Refused for a film
    unlike all that was learned from, and for one that shows no row of vertebrae and does not say that it is a spine."""
    bundle, film = case.bundle, case.film
    bodies = find_vertebrae(film, bundle.outliners, case.on)[0] if bundle.outliners else []
    case.clock.lap("outline")
    if bundle.outliners and len(bodies) < FEWEST and film.site is None:
        raise Refused(
            Code.REGION_NOT_FOUND,
            f"No row of vertebral bodies was found with certainty, expected {FEWEST} or more on {case.recipe.shows}; "
            "check that the film shows the spine from the side.",
        )

    asked = ask(bundle, film, case.person, case.on, greatest_loss(bodies))
    stands = spokesman(asked, case.person)
    case.clock.lap("network")

    distance, unusual = strangeness(case, {one: answer.behind for one, answer in asked.items()})
    scores = scores_of(stands)
    remarks = [*case.notices, *remarks_on_missing(stands, case.person)]
    agree = True
    if bundle.outliners:
        said, agree = remarks_on_bodies(bodies, scores)
        remarks += said
    difficulty = difficulty_of(stands, asked, distance, unusual, remarks, agree)
    case.clock.lap("calibrate")

    shown, question = Preprocess.from_dict(stands.candidate.preprocessing), most_positive(stands)
    maps, gradients = engine.explain(
        stands.candidate, shown(film), case.on, bundle.scores.index(question), stands.clinical
    )
    heat = shown.back(grad_cam(maps, gradients), film)
    case.clock.lap("explain")
    regions = [as_region(body, film) for body in reversed(bodies)]
    return Finding(
        Estimate({}, (), scores=scores),
        difficulty,
        tuple(remarks),
        candidates={one: answer.probabilities for one, answer in asked.items()},
        regions=Regions(tuple(region for region in regions if region.mask.any())),
        explanation=heat,
        explains=question,
        vertebrae=tuple(bodies),
        seen=bool(bodies),
    )


def ask(
    bundle: Bundle, film: Radiograph, person: Clinical, on: torch.device, loss: float | None = None
) -> dict[str, Asked]:
    """Every network of a bundle, by name. One that is told of the person gets missing values imputed and flagged.

    loss: of height by the most broken body; where it was measured, it weighs on the scores that were fitted with it.
    """
    asked = {}
    for one in bundle.candidates:
        scale = ClinicalScale.from_dict(one.facts["clinical"]) if "clinical" in one.facts else None
        beside = None if scale is None else scale(person)
        behind = engine.answer(one, Preprocess.from_dict(one.preprocessing)(film), on, beside)
        told = {
            score: answer_of(float(behind.logits[number]), one.facts, score, loss)
            for number, score in enumerate(bundle.scores)
        }
        probabilities = {score: probability for score, (probability, _) in told.items()}
        asked[one.name] = Asked(one, probabilities, {score: line for score, (_, line) in told.items()}, behind, beside)
    return asked


def answer_of(logit: float, facts: Mapping[str, Any], score: str, loss: float | None) -> tuple[float, Line]:
    """A score's probability from its logit, and its line, by what a bundle keeps of the network. loss: as `ask` takes
    it; with it and without, a score has scales and lines of its own."""
    heights = facts.get("heights", {})
    if loss is None or score not in heights.get("weight", {}):
        slope, shift = facts["scale"][score]
        return float(scaled(logit, (slope, shift))), Line.of(facts, score)
    slope, shift = heights["scale"][score]
    return float(scaled(logit, (slope, shift), heights["weight"][score] * loss)), Line.of(heights, score)


def lines_of(facts: Mapping[str, Any], scores: Sequence[str], measured: bool = True) -> list[Line]:
    """A network's lines [S]: those with measured heights where it has them, or those without."""
    return [answer_of(0.0, facts, score, 0.0 if measured else None)[1] for score in scores]


def spokesman(asked: Mapping[str, Asked], person: Clinical) -> Asked:
    """Whose answer stands: the network that is told of the person where anything is known of them, else the one that
    sees the film alone."""
    known = any(getattr(person, name) is not None for name in KNOWN)
    fitting = [one for one in asked.values() if ("clinical" in one.candidate.facts) == known]
    return (fitting or list(asked.values()))[0]


def most_positive(asked: Asked) -> str:
    """The question that a map explains: the one that lies farthest beyond its threshold, or comes nearest to it. Logits
    of two questions cannot be compared, but odds against those of each one's threshold can."""
    return max(asked.probabilities, key=lambda name: about_line(asked.probabilities[name], asked.lines[name].threshold))


def scores_of(asked: Asked) -> dict[str, Score]:
    return {
        name: Score(value, asked.lines[name].threshold, asked.lines[name].doubt)
        for name, value in asked.probabilities.items()
    }


def remarks_on_missing(asked: Asked, person: Clinical) -> list[Notice]:
    """What the network was not told, and what it took instead."""
    missing = [name for name in KNOWN if getattr(person, name) is None]
    if "clinical" not in asked.candidate.facts:
        return [
            Notice(
                NoticeCode.CLINICAL_NOT_KNOWN,
                "Age, sex and BMI are not known, so the film alone was read; with them the scores are surer.",
            )
        ]
    if not missing:
        return []
    said = {"age_years": "age", "sex": "sex", "bmi": "BMI"}
    return [
        Notice(
            NoticeCode.CLINICAL_IMPUTED,
            f"Not known: {', '.join(said[name] for name in missing)}. The mean of the people learned from was taken "
            "instead, and the network was told so.",
        )
    ]


def remarks_on_bodies(bodies: Sequence[Vertebra], scores: Mapping[str, Score]) -> tuple[list[Notice], bool]:
    """What the measured bodies say, and whether they were found and agree with the score of fracture."""
    graded = [body for body in bodies if body.grade is not None]
    if not graded:
        return [
            Notice(
                NoticeCode.VERTEBRAE_NOT_FOUND,
                "Too few vertebral bodies were found with certainty to measure them; the scores come from the film as "
                "a whole.",
            )
        ], False
    clear = [body for body in graded if (body.grade or 0) >= 2]
    fracture = scores.get(FRACTURE)
    if clear and fracture is not None and not fracture.positive:
        named = ", ".join(f"{body.level} (grade {body.grade})" for body in clear)
        said = f"By their heights these bodies are broken: {named}; by the score none is. Look again."
        return [Notice(NoticeCode.HEIGHTS_AGAINST_SCORE, said)], False
    return [], True


def difficulty_of(
    stands: Asked, asked: Mapping[str, Asked], distance: float, unusual: float, notices: list[Notice], steady: bool
) -> Difficulty:
    """The harder of the questions: each judged by how far its probability lies from its line, and by whether either
    answer is ruled out."""
    judged = []
    for name, score in scores_of(stands).items():
        answers = [_about(one, name) for one in asked.values()]
        left = (YES, NO) if score.undecided else (YES,) if score.positive else (NO,)
        judged.append(judge(_about(stands, name), left, answers, distance, unusual, notices, steady))
    reasons = tuple(dict.fromkeys(reason for one in judged for reason in one.reasons))
    return Difficulty(max(one.score for one in judged), bool(reasons), reasons)


def _about(asked: Asked, score: str) -> dict[str, float]:
    yes = about_line(asked.probabilities[score], asked.lines[score].threshold)
    return {YES: yes, NO: 1 - yes}
