"""A bundle: what one recipe learned, as a folder in Hugging Face layout. Weights are safetensors, never pickle.

<name>/<version>/
    README.md                   model card
    config.json                 label order, candidates, calibration, where it came from
    evidence.json               measured figures with intervals
    <network>/config.json               the network's own, so that transformers can load one of its kind by itself
    <network>/model.safetensors         half precision
    <network>/preprocessor_config.json
    <candidate>/familiarity.safetensors how far is far for this network's features
"""

import json
import re
import shutil
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeVar

import numpy as np
import numpy.typing as npt
from safetensors import SafetensorError
from safetensors.numpy import load_file as load_arrays
from safetensors.numpy import save_file as save_arrays
from safetensors.torch import load_file, save_file

from models.networks import Classifier, Decomposer, Dense, build

NAME = re.compile(r"[a-z][a-z0-9_]*")
VERSION = re.compile(r"\d+\.\d+\.\d+")
Kind = TypeVar("Kind", Classifier, Dense, Decomposer)


class BundleError(ValueError):
    """A bundle cannot be loaded or saved: one sentence."""


@dataclass(frozen=True, eq=False)
class Candidate:
    """One network of a bundle, its calibration, and the preprocessing it was trained with."""

    name: str
    network: str
    options: dict[str, Any]
    preprocessing: dict[str, Any]
    temperature: float
    weights: Classifier
    familiarity: dict[str, npt.NDArray[np.floating]] = field(default_factory=dict)
    region: str | None = None  # the outlined region it is shown, cut out of the film
    facts: dict[str, Any] = field(default_factory=dict)  # what a reading needs besides, as plain JSON values
    voice: float | None = None  # how much it counts in the joint answer; None where all candidates count alike


@dataclass(frozen=True, eq=False)
class Outliner:
    """A network that answers for every pixel: one map a region, or a landmark.

    outputs: what its maps show, in order. facts: what a reading needs besides, as plain JSON values.
    """

    name: str
    network: str
    options: dict[str, Any]
    preprocessing: dict[str, Any]
    outputs: tuple[str, ...]
    weights: Dense
    facts: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, eq=False)
class Densitometer:
    """A network that tells the areal bone density of regions, and shows the projection it tells it from.

    outputs: the regions, in order. facts: what its answers were off by on limbs held out (see evidence.densitometry).
    """

    name: str
    network: str
    options: dict[str, Any]
    preprocessing: dict[str, Any]
    outputs: tuple[str, ...]
    weights: Decomposer
    facts: dict[str, Any] = field(default_factory=dict)


Mapper = TypeVar("Mapper", Outliner, Densitometer)


@dataclass(frozen=True, eq=False)
class Bundle:
    """Everything needed to give the same answers again, anywhere. Without candidates it gives no class."""

    name: str
    version: str
    labels: tuple[str, ...]
    candidates: tuple[Candidate, ...]
    coverage: float  # what the conformal sets promise
    conformal_quantile: float
    learned_from: str
    intended_use: str
    provenance: dict[str, Any]  # data fingerprint, seed, versions of libraries, command, date
    evidence: dict[str, Any]
    card: str
    outliners: tuple[Outliner, ...] = ()
    scores: tuple[str, ...] = ()  # questions of yes or no; where there are any, they are the candidates' outputs
    densitometers: tuple[Densitometer, ...] = ()


def save(bundle: Bundle, root: Path) -> Path:
    """Write the bundle under root/<name>/<version>. Raises BundleError rather than overwrite a version."""
    if not NAME.fullmatch(bundle.name) or not VERSION.fullmatch(bundle.version):
        raise BundleError(
            f"found {bundle.name}@{bundle.version}, expected a name like hip_vit and a version like 1.0.0"
        )
    folder = root / bundle.name / bundle.version
    if folder.exists():
        raise BundleError(f"{folder} exists already and a version never changes; give the bundle a new version")
    folder.mkdir(parents=True)
    (folder / "README.md").write_text(bundle.card, encoding="utf-8")
    _write(folder / "evidence.json", bundle.evidence)
    config = {
        "name": bundle.name,
        "version": bundle.version,
        "labels": list(bundle.labels),
        "candidates": {
            one.name: {
                "temperature": one.temperature,
                **({"region": one.region} if one.region else {}),
                **({"voice": one.voice} if one.voice is not None else {}),
                **({"facts": one.facts} if one.facts else {}),
            }
            for one in bundle.candidates
        },
        **({"outliners": {one.name: one.facts for one in bundle.outliners}} if bundle.outliners else {}),
        **({"densitometers": {one.name: one.facts for one in bundle.densitometers}} if bundle.densitometers else {}),
        **({"scores": list(bundle.scores)} if bundle.scores else {}),
        "coverage": bundle.coverage,
        "conformal_quantile": bundle.conformal_quantile,
        "learned_from": bundle.learned_from,
        "intended_use": bundle.intended_use,
        "provenance": bundle.provenance,
    }
    _write(folder / "config.json", config)
    for candidate in bundle.candidates:
        part = _save_network(folder, candidate, bundle.scores or bundle.labels)
        if candidate.familiarity:
            save_arrays(candidate.familiarity, part / "familiarity.safetensors")
    others: tuple[Outliner | Densitometer, ...] = (*bundle.outliners, *bundle.densitometers)
    for other in others:
        _save_network(folder, other, other.outputs)
    return folder


def _save_network(folder: Path, one: "Candidate | Outliner | Densitometer", labels: tuple[str, ...]) -> Path:
    part = folder / one.name
    part.mkdir()
    ours = {"network": one.network, "options": one.options, "labels": list(labels)}
    _write(part / "config.json", {**one.weights.hub_config(labels), "osteolens": ours})
    _write(part / "preprocessor_config.json", one.preprocessing)
    state = one.weights.network.state_dict()
    half = {
        key: (value.half() if value.is_floating_point() else value).contiguous().cpu() for key, value in state.items()
    }
    save_file(half, part / "model.safetensors", metadata={"format": "pt"})
    return part


def load(folder: Path) -> Bundle:
    """Rebuild a bundle strictly: every weight in its place and none left over. Raises BundleError in one sentence."""
    config = _read(folder / "config.json")
    labels, scores = tuple(config["labels"]), tuple(config.get("scores", ()))
    candidates = tuple(
        _candidate(folder / name, values, scores or labels) for name, values in config["candidates"].items()
    )
    card = folder / "README.md"
    return Bundle(
        name=config["name"],
        version=config["version"],
        labels=labels,
        candidates=candidates,
        coverage=config["coverage"],
        conformal_quantile=config["conformal_quantile"],
        learned_from=config["learned_from"],
        intended_use=config["intended_use"],
        provenance=config["provenance"],
        evidence=_read(folder / "evidence.json"),
        scores=scores,
        card=card.read_text(encoding="utf-8") if card.exists() else "",
        outliners=tuple(
            _mapper(folder / name, facts, Outliner, Dense) for name, facts in config.get("outliners", {}).items()
        ),
        densitometers=tuple(
            _mapper(folder / name, facts, Densitometer, Decomposer)
            for name, facts in config.get("densitometers", {}).items()
        ),
    )


def _candidate(part: Path, values: dict[str, Any], labels: tuple[str, ...]) -> Candidate:
    config = _read(part / "config.json")["osteolens"]
    if tuple(config["labels"]) != labels:
        raise BundleError(
            f"{part} orders its labels {config['labels']}, its bundle {list(labels)}; the bundle is damaged"
        )
    familiarity = part / "familiarity.safetensors"
    return Candidate(
        name=part.name,
        network=config["network"],
        options=config["options"],
        preprocessing=_read(part / "preprocessor_config.json"),
        temperature=values["temperature"],
        weights=_network(part, config, Classifier),
        familiarity=load_arrays(familiarity) if familiarity.exists() else {},
        region=values.get("region"),
        voice=values.get("voice"),
        facts=values.get("facts", {}),
    )


def _mapper(part: Path, facts: dict[str, Any], of: Callable[..., Mapper], kind: type[Kind]) -> Mapper:
    """A network that answers with maps; the names of its outputs stand where others keep their labels."""
    config = _read(part / "config.json")["osteolens"]
    return of(
        name=part.name,
        network=config["network"],
        options=config["options"],
        preprocessing=_read(part / "preprocessor_config.json"),
        outputs=tuple(config["labels"]),
        weights=_network(part, config, kind),
        facts=facts,
    )


def _network(part: Path, config: dict[str, Any], kind: type[Kind]) -> Kind:
    """The network with its weights, ready to answer."""
    network = build(config["network"], len(config["labels"]), config["options"])
    if not isinstance(network, kind):
        raise BundleError(
            f"{part} holds {config['network']}, which is no {kind.__name__.lower()}; the bundle is damaged"
        )
    try:
        state = load_file(part / "model.safetensors")
        full = {key: value.float() if value.is_floating_point() else value for key, value in state.items()}
        network.network.load_state_dict(full, strict=True)
    except (OSError, RuntimeError, ValueError, SafetensorError) as fault:
        raise BundleError(
            f"the weights in {part} do not fit {config['network']}: {str(fault).splitlines()[0]}"
        ) from fault
    return network.eval().requires_grad_(False)


def _read(path: Path) -> dict[str, Any]:
    try:
        return json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as fault:
        raise BundleError(
            f"{path} cannot be read ({fault}); the bundle is damaged or not one, fetch it again"
        ) from fault


def _write(path: Path, values: dict[str, Any]) -> None:
    path.write_text(json.dumps(values, indent=1, ensure_ascii=False, allow_nan=False) + "\n", encoding="utf-8")


def amend(folder: Path, evidence: dict[str, Any], card: str) -> None:
    """Add what was measured to a bundle that was just made and that nobody reads with yet."""
    _write(folder / "evidence.json", evidence)
    (folder / "README.md").write_text(card, encoding="utf-8")


def copy(folder: Path, root: Path) -> Path:
    """The bundle in `folder` among those under root. Raises BundleError rather than overwrite a version."""
    config = _read(folder / "config.json")
    there = root / config["name"] / config["version"]
    if there.exists():
        raise BundleError(f"{there} exists already and a version never changes; give the bundle a new version")
    return Path(shutil.copytree(folder, there))


def describe(folder: Path) -> dict[str, Any]:
    """Config and evidence without loading any weights."""
    return {**_read(folder / "config.json"), "evidence": _read(folder / "evidence.json"), "folder": str(folder)}
