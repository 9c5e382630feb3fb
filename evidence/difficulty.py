"""How hard a case is, and the named reasons why an expert should look at it."""

from collections.abc import Sequence

import numpy as np
from scipy.stats import entropy

from core.estimate import Difficulty, Probabilities
from core.refusal import Notice

NEAR_MARGIN = 0.15  # two likeliest classes closer than this: the film lies near the line between them
DISAGREEMENT = 0.15  # Jensen-Shannon divergence (bits) between candidates that agree on the class


def judge(
    joint: Probabilities,
    undecided: Sequence[str],
    candidates: Sequence[Probabilities],
    unfamiliarity: float,
    unusual_beyond: float,
    notices: Sequence[Notice],
    regions_steady: bool = True,
) -> Difficulty:
    """Reasons from the joint answer, the classes that cannot be ruled out, the candidates' own answers, the distance
    from what was learned, whether the outlined regions stay where they are, and the film's quality.

    score = 1 - margin between the two likeliest classes: 0 for a certain answer, 1 for a tie. Any other
    reason lifts it to that of a near-threshold case, so that every hard case scores above every plain one.
    """
    first, second = sorted(joint.values(), reverse=True)[:2] if joint else (1.0, 0.0)  # no class, no line to be near
    reasons = []
    if first - second < NEAR_MARGIN or len(undecided) > 1:
        reasons.append("near_threshold")
    split = len({max(answer, key=answer.__getitem__) for answer in candidates}) > 1
    if split or (len(candidates) > 1 and divergence(candidates) > DISAGREEMENT):
        reasons.append("candidates_disagree")
    if unfamiliarity > unusual_beyond:
        reasons.append("out_of_distribution")
    if not regions_steady:
        reasons.append("region_uncertain")
    if any(notice.code.about_quality for notice in notices):
        reasons.append("low_quality")
    score = max(1 - (first - second), 1 - NEAR_MARGIN) if reasons else 1 - (first - second)
    return Difficulty(round(score, 4), bool(reasons), tuple(reasons))


def divergence(answers: Sequence[Probabilities]) -> float:
    """Jensen-Shannon divergence of the candidates, in bits: 0 when they agree, log2 of their number at most."""
    table = np.array([list(answer.values()) for answer in answers])
    return float(entropy(table.mean(0), base=2) - entropy(table, base=2, axis=1).mean())
