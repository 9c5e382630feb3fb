"""How hard a case is, and the named reasons why an expert should look at it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from core.estimate import Difficulty, Probabilities
from core.refusal import Notice

REVIEW_SHARE = 0.2  # of films of the kind that a network learned from, so many are called hard
# The score from which on a case is hard, for bundles that do not bring their own: REVIEW_SHARE of virtual hips of the
# scanner that hip_vit learned from lie above it (docs/evidence/hard_cases.md).
HARD_FROM = 0.5
DISAGREEMENT = 0.15  # Jensen-Shannon divergence (bits) between candidates that agree on the class
RECIPES_DISAGREE = "recipes_disagree"


@dataclass(frozen=True)
class Priority:
    """How soon an expert should see a limb: 0 (surely right) to 1 (surely wrong), and what another recipe adds to the
    reasons."""

    score: float
    reasons: tuple[str, ...] = ()


def judge(
    joint: Probabilities,
    undecided: Sequence[str],
    candidates: Sequence[Probabilities],
    distance: float,
    unusual_beyond: float,
    notices: Sequence[Notice],
    regions_steady: bool = True,
    hard_from: float = HARD_FROM,
) -> Difficulty:
    """From the joint answer, the classes that cannot be ruled out, the candidates' own answers, the distance from what
    was learned, whether the outlined regions stay where they are, and the film's quality.

    score = 1 - margin between the two likeliest classes: 0 for a certain answer, 1 for a tie. A case is hard from
    `hard_from` on, which is set so that a stated share of films is. Of all that was tried the margin ranks errors best
    (docs/evidence/hard_cases.md); what else speaks against the answer is named as a reason, in plain cases too, but
    calls no case hard by itself: together these call half of all hips hard, and find fewer errors among them.
    """
    first, second = sorted(joint.values(), reverse=True)[:2] if joint else (1.0, 0.0)  # no class, no line to be near
    score = 1 - (first - second)
    hard = score >= hard_from
    reasons = []
    if hard or len(undecided) > 1:
        reasons.append("near_threshold")
    split = len({max(answer, key=answer.__getitem__) for answer in candidates}) > 1
    if split or (len(candidates) > 1 and divergence(candidates) > DISAGREEMENT):
        reasons.append("candidates_disagree")
    if distance > unusual_beyond:
        reasons.append("out_of_distribution")
    if not regions_steady:
        reasons.append("region_uncertain")
    if any(notice.code.about_quality for notice in notices):
        reasons.append("low_quality")
    return Difficulty(round(score, 4), hard, tuple(reasons))


def hard_from(probabilities: npt.NDArray[np.floating], share: float = REVIEW_SHARE) -> float:
    """The score from which on a case is hard, so that `share` of films like these is: probabilities [N, K] of the joint
    answer on films held out."""
    return float(np.quantile(scores_of(probabilities), 1 - share))


def scores_of(probabilities: npt.NDArray[np.floating]) -> npt.NDArray[np.float64]:
    """`judge`'s score [N] of many films at once, by probabilities [N, K]."""
    ranked = np.sort(np.asarray(probabilities, np.float64), axis=1)
    return np.asarray(1 - (ranked[:, -1] - ranked[:, -2]))


def priority(
    joint: Probabilities | None, second: Probabilities | None = None, difficulty: Mapping[str, Any] | None = None
) -> Priority:
    """How likely the answer is wrong: 1 less the probability of its class, as the mean of two recipes has it where a
    second reads such films too (linear opinion pool). Two recipes that learned otherwise err on other films, so their
    disagreement tells errors that neither knows of.

    difficulty: of a reading without classes, whose score then counts. Nothing is fitted.
    """
    if not joint:
        return Priority(float((difficulty or {}).get("score", 0.0)))
    label = max(joint, key=joint.__getitem__)
    if not second or second.keys() != joint.keys():
        return Priority(round(1 - joint[label], 6))
    other = max(second, key=second.__getitem__)
    return Priority(round(1 - (joint[label] + second[label]) / 2, 6), () if other == label else (RECIPES_DISAGREE,))


def divergence(answers: Sequence[Probabilities]) -> float:
    """Jensen-Shannon divergence of the candidates, in bits: 0 when they agree, log2 of their number at most."""
    from scipy.stats import entropy  # takes a second to load, and the worklist needs none of it

    table = np.array([list(answer.values()) for answer in answers])
    return float(entropy(table.mean(0), base=2) - entropy(table, base=2, axis=1).mean())
