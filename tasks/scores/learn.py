"""Training and calibrating the networks that answer yes/no questions, with or without clinical values."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from anatomy.vertebrae import find_vertebrae
from core.example import Example, ManifestError
from core.labels import FRACTURE
from evidence.genant import greatest_loss
from evidence.scores import fit_beside, fit_doubt, fit_scale, fit_threshold, scaled
from imaging import read_radiograph
from imaging.upright import upright
from models.bundle import Node
from models.networks import Classifier
from tasks.enough import people
from tasks.forward import forward
from tasks.node import known_by, near, node_of
from tasks.part import Candidate, Part
from tasks.samples import Samples, grey_of
from tasks.scores.clinical import ClinicalScale
from tasks.scores.decode import decode, thresholds_of
from tasks.scores.measure import figures_of_answers
from tasks.scores.objective import ScoreObjective
from tasks.scores.truth import answers_of
from tasks.task import COVERAGE, Learned, Trainer

Array = npt.NDArray[np.floating]
LEAST = 5  # people with either answer that a question is learned from
ENOUGH = 40  # validation films with an answer from which a fine-tuned network's scales and thresholds are fitted anew,
ENOUGH_OF_EACH = 8  # and how many of them with either answer


def usable(part: Part, example: Example) -> bool:
    return not np.isnan(answers_of(part, example)).all()


def expects(part: Part) -> str:
    return "a column fracture (0 or 1), label or osteoporosis (0 or 1), or several of them"


def check(part: Part, examples: Sequence[Example], begun: bool) -> None:
    """At least `LEAST` people with a yes and with a no to each question that any row answers; to every question unless
    the network knows it already."""
    for number, question in enumerate(part.outputs):
        said: dict[float, list[Example]] = {1.0: [], 0.0: []}
        for example in examples:
            said.get(answers_of(part, example)[number], []).append(example)
        yes, no = people(said[1.0]), people(said[0.0])
        if begun and not yes + no:
            continue
        if min(yes, no) < LEAST:
            raise ManifestError(
                f"found {yes} people with and {no} without {question.replace('_', ' ')}, expected at least {LEAST} of "
                f"each: {expects(part)}; add films of the other kind"
            )


def says(part: Part, example: Example) -> Any:
    return answers_of(part, example)


def loads(part: Part, candidates: Sequence[Candidate]) -> dict[str, Any]:
    return {"inputs": [candidate.preprocess for candidate in candidates]}


def truth_of(part: Part, samples: Samples) -> npt.NDArray[np.float32]:
    """1, 0 or NaN by row and question [N, S]."""
    return np.array([answers_of(part, example) for example in samples.examples], np.float32)


def learn(
    part: Part,
    candidates: Sequence[Candidate],
    trainer: Trainer,
    train: Samples,
    validation: Samples,
    before: tuple[Node, ...],
) -> Learned:
    """One network a candidate, with its scales and decision thresholds; measured heights weigh on the score of fracture
    where the bundle finds vertebrae. Raises ValueError where a question has one answer alone."""
    refuse_one_answer(part, train)
    networks: dict[str, Classifier] = {}
    scales: dict[str, ClinicalScale | None] = {}
    for candidate in candidates:
        networks[candidate.name], scales[candidate.name] = learn_one(
            part, candidate, candidates[0].name, trainer, train, validation, networks
        )
    lost = losses_of(validation.examples, [node for node in before if node.task == "landmarks"], trainer)
    nodes, logits = [], {}
    for candidate in candidates:
        node, logits[candidate.name] = calibrate(
            part, candidate, networks[candidate.name], scales[candidate.name], trainer, train, validation, lost
        )
        nodes.append(node)
    probabilities = {node.name: decoded(node, part, logits[node.name], lost) for node in nodes}
    thresholds = {node.name: thresholds_of(node.facts, part.outputs) for node in nodes}
    truth = truth_of(part, validation)
    data: dict[str, Any] = {}
    if trainer.parent is not None:
        here = fitted(part, validation)
        said = {
            question: "fitted on validation films" if question in here else "the parent's" for question in part.outputs
        }
        told = ", ".join(f"{question.replace('_', ' ')} {whose}" for question, whose in said.items())
        data["calibration"] = {part.task.name: f"scales and thresholds: {told} (a fit takes {ENOUGH} answers)"}
    positive = np.nansum(truth_of(part, train), 0).astype(int).tolist()
    return Learned(
        tuple(nodes),
        {"coverage": COVERAGE},
        {
            "held_out": figures_of_answers(truth, probabilities, thresholds, part.outputs, validation.patients),
            "data": {**data, "positive_learned_from": dict(zip(part.outputs, positive, strict=True))},
        },
    )


def refuse_one_answer(part: Part, samples: Samples) -> None:
    """Raises ValueError where every film has the same answer to a question: it could not be learned."""
    for question, answers in zip(part.outputs, truth_of(part, samples).T, strict=True):
        if len(np.unique(answers[~np.isnan(answers)])) == 1:
            raise ValueError(
                f"every film to learn from has the same answer about {question.replace('_', ' ')}, expected both yes "
                "and no; add films of the other kind"
            )


def learn_one(
    part: Part,
    candidate: Candidate,
    first: str,
    trainer: Trainer,
    train: Samples,
    validation: Samples,
    trained: dict[str, Classifier],
) -> tuple[Classifier, ClinicalScale | None]:
    """One network, and the scale of the clinical values it takes. first: the candidate whose first weights one without
    its own begins with, since they share layers."""
    network, pretrained = trainer.begin(candidate, len(part.outputs), like=first, trained=trained)
    scale = None
    if candidate.clinical and trainer.parent is not None:  # the network knows these values by this scale
        scale = ClinicalScale.from_dict(trainer.parent.networks[candidate.name].facts["clinical"])
    elif candidate.clinical:
        scale = ClinicalScale.learn([one.clinical for one in train.examples])

    def objective(samples: Samples, guided: bool) -> ScoreObjective:
        guide = known_columns(samples, trainer.preset.guide) if guided and trainer.preset.guide else None
        return ScoreObjective(
            samples[grey_of(candidate.preprocess)],
            truth_of(part, samples),
            candidate.preprocess,
            clinical=clinical_of(samples, scale),
            guide=guide,
            tone=trainer.preset.tone,
        )

    network = trainer.fit(
        network, candidate, objective(train, guided=True), objective(validation, guided=False), pretrained=pretrained
    )
    return network, scale


def known_columns(samples: Samples, names: Sequence[str]) -> npt.NDArray[np.float32] | None:
    """Those columns of the manifest [N, M] in which any row has a value; None without any."""
    table = samples.columns(names)
    table = table[:, ~np.isnan(table).all(0)]
    return table if table.shape[1] else None


def clinical_of(samples: Samples, scale: ClinicalScale | None) -> npt.NDArray[np.float32] | None:
    """The clinical values of each person as the network takes them [N, 2 C]; None for a network that takes none."""
    return None if scale is None else np.stack([scale(one.clinical) for one in samples.examples])


def losses_of(examples: Sequence[Example], finders: Sequence[Node], trainer: Trainer) -> Array:
    """The greatest loss of height on each film [N], measured as a reading does it; NaN where no body is graded."""
    lost = np.full(len(examples), np.nan)
    for row, example in enumerate(examples if finders else ()):
        film = upright(read_radiograph(example.path.read_bytes(), example.path.name)).film
        loss = greatest_loss(find_vertebrae(film, finders, trainer.device)[0])
        lost[row] = np.nan if loss is None else loss
        trainer.say("measuring heights", row + 1, len(examples))
    return lost


def calibrate(
    part: Part,
    candidate: Candidate,
    network: Classifier,
    clinical: ClinicalScale | None,
    trainer: Trainer,
    train: Samples,
    validation: Samples,
    lost: Array,
) -> tuple[Node, Array]:
    """Scales and thresholds from the validation films, and how much their loss of height [N] weighs on the score of
    fracture; how far is far from those learned from. Also the logits [N, S] on the validation films."""

    def answer(samples: Samples) -> tuple[Array, Array]:
        films = samples[grey_of(candidate.preprocess)]
        return forward(network, films, candidate.preprocess, trainer.device, clinical_of(samples, clinical))

    logits, unseen = answer(validation)
    shown = near(train)
    _, features = answer(shown)
    here = None if trainer.parent is None else fitted(part, validation)
    facts = thresholds(part, logits, truth_of(part, validation), lost, here)
    if trainer.parent is not None:
        keep_parents(facts, trainer.parent.networks[candidate.name].facts, part, validation)
    if clinical is not None:
        facts["clinical"] = clinical.to_dict()
    return node_of(
        part, candidate, network, facts, known_by(candidate, trainer.parent, features, unseen, shown.patients)
    ), logits


def thresholds(
    part: Part, logits: Array, truth: Array, lost: Array, questions: Sequence[str] | None = None
) -> dict[str, Any]:
    """By question, from logits and truth [N, S] of validation films: Platt scale, decision threshold and the bounds of
    doubt; for the question of fracture a second set with the measured loss of height [N]. questions: only these."""
    facts: dict[str, Any] = {"scale": {}, "threshold": {}, "doubt": {}}
    for number, question in enumerate(part.outputs):
        known = ~np.isnan(truth[:, number])
        if question not in (part.outputs if questions is None else questions):
            continue
        yes, own = truth[known, number] == 1, logits[known, number]
        scale = _rounded(fit_scale(own, yes))
        _draw(facts, question, scale, scaled(own, scale), yes)
        measured = known & ~np.isnan(lost)
        yes, own = truth[measured, number] == 1, logits[measured, number]
        fitted = fit_beside(own, lost[measured], yes) if question == FRACTURE else None
        if fitted is not None:
            scale, weight = _rounded(fitted[:2]), round(fitted[2], 5)
            heights: dict[str, Any] = {"scale": {}, "threshold": {}, "doubt": {}, "weight": {question: weight}}
            _draw(heights, question, scale, scaled(own, scale, weight * lost[measured]), yes)
            facts["heights"] = heights
    return facts


def fitted(part: Part, samples: Samples) -> list[str]:
    """The questions that these validation films answer often enough to fit scales and thresholds to."""
    truth = truth_of(part, samples)
    yes, no = (truth == 1).sum(0), (truth == 0).sum(0)
    enough = (yes + no >= ENOUGH) & (np.minimum(yes, no) >= ENOUGH_OF_EACH)
    return [question for question, here in zip(part.outputs, enough, strict=True) if here]


def keep_parents(facts: dict[str, Any], parents: Mapping[str, Any], part: Part, validation: Samples) -> None:
    """Put the parent's scales and thresholds in place of those of questions that too few films answer."""
    for question in set(part.outputs) - set(fitted(part, validation)):
        for name in ("scale", "threshold", "doubt"):
            facts[name][question] = parents[name][question]
        if question == FRACTURE:
            facts.pop("heights", None)
            facts.update({"heights": parents["heights"]} if "heights" in parents else {})


def _rounded(scale: tuple[float, float]) -> tuple[float, float]:
    """As a bundle keeps it, so that figures worked out here are those of a reading."""
    return round(scale[0], 5), round(scale[1], 5)


def _draw(
    facts: dict[str, Any],
    question: str,
    scale: tuple[float, float],
    probabilities: Array,
    truth: npt.NDArray[np.bool_],
) -> None:
    facts["scale"][question] = list(scale)
    facts["threshold"][question] = round(fit_threshold(probabilities, truth), 5)
    facts["doubt"][question] = list(fit_doubt(probabilities, truth, COVERAGE))


def decoded(node: Node, part: Part, logits: Array, lost: Array) -> Array:
    """Probabilities [N, S] as a reading gives them. lost: by film [N], NaN where not measured."""
    return np.array(
        [
            [
                decode(float(one), node.facts, question, None if np.isnan(loss) else float(loss))[0]
                for question, one in zip(part.outputs, own, strict=True)
            ]
            for own, loss in zip(logits, lost, strict=True)
        ]
    )
