"""Yes/no questions about a film that is read as a whole: each network's answer, calibrated, and what it adds up to."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from core.clinical import Clinical
from core.estimate import Difficulty, Estimate, Score
from core.finding import Finding
from core.labels import FRACTURE
from core.refusal import Notice, NoticeCode
from core.vertebra import Vertebra
from evidence.difficulty import judge
from evidence.explanation import grad_cam
from evidence.genant import greatest_loss
from evidence.scores import about_threshold
from imaging.preprocess import Preprocess
from models import engine
from models.bundle import Ensemble, Node
from tasks.case import Case
from tasks.distance import distance_of, embedding_of
from tasks.landmarks.measure import LandmarkPrediction
from tasks.landmarks.read import refuse_without_row
from tasks.part import Part
from tasks.scores.clinical import KNOWN, ClinicalScale
from tasks.scores.decode import decode
from tasks.scores.measure import UNMEASURED, ScoreAnswer, ScorePrediction
from tasks.task import Predictions

YES, NO = "yes", "no"


def predict(case: Case, part: Part, ensemble: Ensemble, before: Predictions) -> ScorePrediction:
    """Every network's answers. One that takes clinical values gets missing ones imputed and flagged; the loss of height
    that was measured weighs on the questions that were fitted with it."""
    found: LandmarkPrediction | None = before.get("landmarks")
    bodies = found.bodies if found else ()
    loss = greatest_loss(bodies)
    answers: dict[str, ScoreAnswer] = {}
    for node in ensemble.nodes:
        scale = ClinicalScale.from_dict(node.facts["clinical"]) if "clinical" in node.facts else None
        beside = None if scale is None else scale(case.person)
        behind = engine.answer(node, Preprocess.from_dict(node.preprocessing)(case.film), case.on, beside)
        logits = dict(zip(part.outputs, map(float, behind.logits), strict=True))
        weighed = node.facts.get("heights", {}).get("weight", {})
        if case.thorough and weighed:
            answers[node.name + UNMEASURED] = _answer(
                {score: logit if score in weighed else float("nan") for score, logit in logits.items()},
                node, None, behind.features,
            )  # fmt: skip
        answers[node.name] = _answer(logits, node, loss, behind.features)
    case.clock.lap("network")
    return ScorePrediction(answers, reported(ensemble, case.person).name, bodies)


def _answer(logits: Mapping[str, float], node: Node, loss: float | None, features: Any) -> ScoreAnswer:
    decoded = {score: decode(logit, node.facts, score, loss) for score, logit in logits.items()}
    return ScoreAnswer(
        {score: probability for score, (probability, _) in decoded.items()},
        {score: decision for score, (_, decision) in decoded.items()},
        features,
        "clinical" in node.facts,
    )


def reported(ensemble: Ensemble, person: Clinical) -> Node:
    """The network whose answer counts: the one with clinical values where any is known, else the one that sees the film
    alone."""
    known = any(getattr(person, name) is not None for name in KNOWN)
    fitting = [node for node in ensemble.nodes if ("clinical" in node.facts) == known]
    return (fitting or list(ensemble.nodes))[0]


def tell(case: Case, part: Part, ensemble: Ensemble, predictions: Predictions, found: Finding) -> Finding:
    """The scores, what was not known, whether measured heights agree, and the map of the question that is nearest to
    yes. Raises Refused for a film unlike all that was learned from, and for one that shows no row of vertebrae and does
    not say that it is a spine."""
    said: ScorePrediction = predictions[part.task.name]
    if "landmarks" in predictions:
        refuse_without_row(case, predictions["landmarks"])
    stands = said.answers[said.reported]
    features = {name: one.features for name, one in said.answers.items()}
    distance, unusual = distance_of(case, ensemble, features)
    scores = scores_of(stands)
    remarks = [*found.notices, *remarks_on_missing(stands, case.person)]
    agree = True
    if "landmarks" in predictions:
        more, agree = remarks_on_bodies(said.bodies, scores)
        remarks += more
    difficulty = difficulty_of(stands, said.answers, distance, unusual, remarks, agree)
    case.clock.lap("calibrate")

    question = most_positive(stands)
    node = next(node for node in ensemble.nodes if node.name == said.reported)
    heat = _explained(case, node, part.outputs.index(question))
    case.clock.lap("explain")
    return replace(
        found,
        estimate=Estimate({}, (), scores=scores),
        difficulty=difficulty,
        notices=tuple(remarks),
        candidates={name: one.probabilities for name, one in said.answers.items()},
        explanation=heat,
        explains=question,
        embedding=embedding_of(ensemble, {ensemble.nodes[0].name: features[ensemble.nodes[0].name]}),
    )


def _explained(case: Case, node: Node, of: int) -> Any:
    scale = ClinicalScale.from_dict(node.facts["clinical"]) if "clinical" in node.facts else None
    inputs = Preprocess.from_dict(node.preprocessing)
    beside = None if scale is None else scale(case.person)
    return inputs.back(grad_cam(*engine.explain(node, inputs(case.film), case.on, of, beside)), case.film)


def most_positive(answer: ScoreAnswer) -> str:
    """The question that a map explains: the one that lies farthest beyond its threshold, or comes nearest to it. Logits
    of two questions cannot be compared, but odds against those of each one's threshold can."""
    said, thresholds = answer.probabilities, answer.thresholds
    return max(said, key=lambda name: about_threshold(said[name], thresholds[name].threshold))


def scores_of(answer: ScoreAnswer) -> dict[str, Score]:
    return {
        name: Score(value, answer.thresholds[name].threshold, answer.thresholds[name].doubt)
        for name, value in answer.probabilities.items()
    }


def remarks_on_missing(answer: ScoreAnswer, person: Clinical) -> list[Notice]:
    """What the network was not told, and what it took instead."""
    missing = [name for name in KNOWN if getattr(person, name) is None]
    if not answer.clinical:
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
    stands: ScoreAnswer,
    asked: Mapping[str, ScoreAnswer],
    distance: float,
    unusual: float,
    notices: list[Notice],
    steady: bool,
) -> Difficulty:
    """The harder of the questions: each judged by how far its probability lies from its threshold, and by whether an
    answer is ruled out."""
    judged = []
    for name, score in scores_of(stands).items():
        answers = [_about(one, name) for one in asked.values()]
        left = (YES, NO) if score.undecided else (YES,) if score.positive else (NO,)
        judged.append(judge(_about(stands, name), left, answers, distance, unusual, notices, steady))
    reasons = tuple(dict.fromkeys(reason for one in judged for reason in one.reasons))
    return Difficulty(max(one.score for one in judged), bool(reasons), reasons)


def _about(answer: ScoreAnswer, score: str) -> dict[str, float]:
    yes = about_threshold(answer.probabilities[score], answer.thresholds[score].threshold)
    return {YES: yes, NO: 1 - yes}
