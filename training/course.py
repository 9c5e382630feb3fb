"""A recipe from manifests to a bundle: its parts, one after another."""

from collections.abc import Mapping, Sequence
from typing import Any

from models.bundle import Bundle, Node, by_name
from training.data.manifest import Manifest
from training.data.units import Units
from training.provenance import INTENDED_USE, provenance
from training.run import NetworkTrainer, Run


def train(run: Run, manifests: Sequence[Manifest]) -> Bundle:
    """Each part learns from its unit's samples, and may use the networks of the parts before it. A fifth of the
    patients calibrates; figures to publish come from others (`training.evaluate`).

    Raises ValueError in one sentence for a manifest or weights that cannot be used.
    """
    units = Units(run, manifests)
    trainer = NetworkTrainer(run, units.fingerprint)
    nodes: tuple[Node, ...] = ()
    facts: dict[str, dict[str, Any]] = {}
    evidence: dict[str, Any] = {}
    for part in run.recipe.own:
        candidates = part.candidates.get(run.preset_name, ())
        if not candidates:
            continue
        if run.how is not None and not units.says_of(part):  # nothing to learn from: what it knows already stays
            nodes += run.how.nodes(part)
            facts |= {part.task.name: dict(run.how.facts(part))} if run.how.facts(part) else {}
            kept = {part.task.name: "networks are the parent's: no row of the manifest says anything of this"}
            evidence = merged(evidence, {"data": {"calibration": kept}})
            continue
        learned = part.task.learn.learn(part, candidates, trainer, *units.of(part), nodes)
        nodes += learned.nodes
        facts |= {part.task.name: learned.facts} if learned.facts else {}
        evidence = merged(evidence, learned.evidence)
    asked = list(dict.fromkeys(node.task for node in nodes))
    evidence = merged({"tasks": asked, "data": units.data}, evidence)
    networks = by_name(*nodes)
    return Bundle(
        name=run.recipe.name,
        version=run.version,
        networks=networks,
        learned_from=run.learned_from,
        intended_use=INTENDED_USE,
        provenance=provenance(run.preset_name, run.seed, {name: node.weights for name, node in networks.items()}),
        evidence=evidence,
        card="",
        facts=facts,
        parent=run.how.record if run.how else {},
    )


def merged(one: Mapping[str, Any], other: Mapping[str, Any]) -> dict[str, Any]:
    """Both, tables of the same name joined."""
    joined = dict(one)
    for key, value in other.items():
        both = isinstance(value, Mapping) and isinstance(joined.get(key), Mapping)
        joined[key] = merged(joined[key], value) if both else value
    return joined
