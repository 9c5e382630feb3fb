"""The model card of a bundle: README.md in Hugging Face's form, every figure from the bundle's evidence."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from huggingface_hub import EvalResult, ModelCard, ModelCardData

from core.model_facts import INTENDED_USE, ModelFacts
from core.titles import capital, network_title, plain, set_note, set_place, set_title, weights_sentence
from evidence.record import Evidence
from evidence.shown import Result
from report.shows import shows_of
from report.summary import NOT_MEASURED
from report.tables import markdown

TEMPLATE = Path(__file__).parent / "templates" / "card.md.j2"
TAGS = ("radiograph", "osteoporosis", "research")
SIMULATED = ("internal", "external")


def model_card(facts: ModelFacts, evidence: Evidence | Mapping[str, Any]) -> str:
    """README.md of a bundle. evidence: typed, or the plain values of evidence.json.

    Raises EvidenceError in one sentence for evidence that cannot be read.
    """
    known = evidence if isinstance(evidence, Evidence) else Evidence.from_plain(evidence)
    shows = shows_of(known)
    answers = [show.answers(facts, known) for show in shows]
    pipeline = answers[0].pipeline_tag if answers else None
    results = [one for show in shows for one in show.results(known) if one.figure.value is not None]
    data = ModelCardData(
        license="apache-2.0",
        library_name="osteolens",
        pipeline_tag=pipeline,
        tags=list(dict.fromkeys((*TAGS, *(tag for one in answers for tag in one.tags)))),
        metrics=sorted({one.metric for one in results}) or None,
        model_name=facts.name,
        eval_results=[_eval_result(one, pipeline or "other", known) for one in results] or None,
    )
    card = ModelCard.from_template(
        data,
        template_path=str(TEMPLATE),
        facts=facts,
        intended_use=INTENDED_USE,
        answers=[one.sentence for one in answers],
        networks="; ".join(map(network_title, facts.networks)),
        weights=weights_sentence(facts.weights),
        intervals=any(one.figure.low is not None for one in results),
        views=known.views is not None,
        simulated=any(name in SIMULATED for name in known.sets),
        sets=[f"**{set_title(name)}**: {set_note(name)}{_counted(one)}" for name, one in _ranked(known)],
        sections=markdown([section for show in shows for section in show.card(facts, known)]),
        not_measured=NOT_MEASURED,
        limits=[
            *(f"{capital(one).rstrip('.')}." for one in facts.simplifications),
            *dict.fromkeys(limit for show in shows for limit in show.limits(facts, known)),
        ],
        details=details(facts, known),
    )
    return str(card).rstrip() + "\n"


def details(facts: ModelFacts, evidence: Evidence) -> dict[str, str]:
    """Facts of data and training by title, as text."""
    rows = {**evidence.data, **{key: value for key, value in facts.provenance.items() if key != "voices"}}
    return {_title(key): _value(value, facts.labels) for key, value in rows.items()}


def _title(key: str) -> str:
    known = {"made_on": "Trained on", "parameters": "Parameters", "versions": "Library versions",
             "held_out": "Validation split"}  # fmt: skip
    return known.get(key) or plain(
        key.replace("learned_from", "used_in_training").replace("held_out", "in_validation_split")
    )


def _value(value: Any, labels: Sequence[str] = ()) -> str:
    if isinstance(value, list) and len(value) == len(labels):  # counts by class
        value = dict(zip(labels, value, strict=True))
    if isinstance(value, Mapping):
        return ", ".join(f"{name} {one:,}" if isinstance(one, int) else f"{name} {one}" for name, one in value.items())
    return ", ".join(map(str, value)) if isinstance(value, list) else str(value)


def _ranked(evidence: Evidence) -> list[tuple[str, Any]]:
    """Sets in the order of the tables; of the network of views the tables say themselves what they show."""
    return [] if evidence.views else list(evidence.holding(evidence.tasks[0]).items()) if evidence.tasks else []


def _counted(one: Any) -> str:
    counts = {"Films": one.films, "limbs": one.limbs, "limbs not found": one.missed, "films refused": one.refused}
    said = ", ".join(f"{what}: {count:,}" for what, count in counts.items() if count is not None)
    return f" {said}." if said else ""


def _eval_result(one: Result, task: str, evidence: Evidence) -> EvalResult:
    simulated = one.split in SIMULATED or one.split == "virtual"
    figure, ends = one.figure, (one.figure.low, one.figure.high)
    interval = [round(end, 4) for end in ends if end is not None]
    return EvalResult(
        task_type=task,
        dataset_type="osteolens-simulation" if simulated else str(evidence.data.get("manifest", "own")),
        dataset_name=capital(set_place(one.split).removeprefix("the ")),
        dataset_split=one.split,
        metric_type=one.metric,
        metric_name=f"{one.title}{f', {one.about}' if one.about else ''}",
        metric_value=round(figure.value or 0.0, 4),
        metric_args={"confidence_interval_95": interval} if len(interval) == 2 else None,
    )
