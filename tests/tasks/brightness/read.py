"""How bright a film is, as its network predicts."""

from dataclasses import replace

from core.finding import Finding
from imaging.preprocess import Preprocess
from models import engine
from models.bundle import Ensemble
from tasks.case import Case
from tasks.part import Part
from tasks.task import Predictions


def predict(case: Case, part: Part, ensemble: Ensemble, before: Predictions) -> float:
    """The mean grey of the film."""
    (node,) = ensemble.nodes
    logits = engine.logits(node, Preprocess.from_dict(node.preprocessing)(case.film), case.on)
    return float(logits[0]) + node.facts["offset"]


def tell(case: Case, part: Part, ensemble: Ensemble, predictions: Predictions, found: Finding) -> Finding:
    """The answer beside those of other networks."""
    return replace(found, candidates={**found.candidates, "brightness": {"mean": predictions[part.task.name]}})
