"""A bundle: what one recipe learned, as a folder in Hugging Face layout. Weights are safetensors, never pickle.

<name>/<version>/
    README.md                   model card
    config.json                 its networks by task, with what was fitted to their answers; where it came from
    evidence.json               measured figures with intervals
    taught.json                 hashes of the films and patients it was made from
    <network>/config.json               the network's own, so that transformers can load one of its kind by itself
    <network>/model.safetensors         half precision
    <network>/preprocessor_config.json
    <network>/familiarity.safetensors   how far is far for this network's features
"""

import hashlib
import json
import os
import re
import shutil
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any
from uuid import uuid4

import numpy as np
import numpy.typing as npt

if TYPE_CHECKING:  # a listing of bundles needs no network library
    from models.networks import Network

FORMAT = 2  # of config.json; bundles of format 1 name no tasks and are read as well
TAUGHT = "taught.json"
NAME = re.compile(r"[a-z][a-z0-9_]*")
VERSION = re.compile(r"\d+\.\d+\.\d+")


class BundleError(ValueError):
    """A bundle cannot be loaded or saved: one sentence."""


@dataclass(frozen=True, eq=False)
class Node:
    """One network of a bundle: the task it answers, and the preprocessing it was trained with.

    outputs: what it answers with, in order. facts: what was fitted to its answers (temperature, thresholds, residuals,
    shape ...) as plain JSON values; each task knows its own. ood: see evidence.out_of_distribution; empty for networks
    that keep none.
    """

    name: str
    task: str
    network: str
    options: dict[str, Any]
    preprocessing: dict[str, Any]
    outputs: tuple[str, ...]
    weights: "Network"
    facts: dict[str, Any] = field(default_factory=dict)
    ood: dict[str, npt.NDArray[np.floating]] = field(default_factory=dict)


@dataclass(frozen=True, eq=False)
class Ensemble:
    """The networks of a bundle that answer one question together, and what was fitted to their joint answer."""

    nodes: tuple[Node, ...]
    facts: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, eq=False)
class Bundle:
    """Everything needed to give the same answers again, anywhere.

    networks: by name, in the order in which they are shown. facts: by task, what was fitted to joint answers.
    parent: `name`, `version` and `fingerprint` of the bundle that it was fine-tuned or recalibrated from, and how;
    empty for one that did not begin with another. taught: which films and patients it was made from, as hashes
    (training.data.taught); empty for bundles that do not say.
    """

    name: str
    version: str
    networks: Mapping[str, Node]
    learned_from: str
    intended_use: str
    provenance: dict[str, Any]  # data fingerprint, seed, versions of libraries, command, date
    evidence: dict[str, Any]
    card: str
    facts: dict[str, dict[str, Any]] = field(default_factory=dict)
    parent: Mapping[str, Any] = field(default_factory=dict)
    taught: Mapping[str, Any] = field(default_factory=dict)

    def ensemble(self, task: str, outputs: tuple[str, ...] | None = None) -> Ensemble:
        """The networks of a task that answer with these outputs, whichever unless told."""
        nodes = tuple(node for node in self.networks.values() if node.task == task and outputs in (None, node.outputs))
        return Ensemble(nodes, self.facts.get(task, {}))


def by_name(*nodes: Node) -> dict[str, Node]:
    """Nodes as a bundle keeps them."""
    return {node.name: node for node in nodes}


def save(bundle: Bundle, root: Path) -> Path:
    """Write the bundle under root/<name>/<version>, whole or not at all. Raises BundleError rather than overwrite a
    version."""
    folder = free(bundle.name, bundle.version, root)
    with _Draft(folder) as draft:
        (draft / "README.md").write_text(bundle.card, encoding="utf-8")
        _write(draft / "evidence.json", bundle.evidence)
        config = {
            "format": FORMAT,
            "name": bundle.name,
            "version": bundle.version,
            "networks": {
                node.name: {"task": node.task, "outputs": list(node.outputs), "facts": node.facts}
                for node in bundle.networks.values()
            },
            "facts": bundle.facts,
            "learned_from": bundle.learned_from,
            "intended_use": bundle.intended_use,
            "provenance": bundle.provenance,
            **({"parent": dict(bundle.parent)} if bundle.parent else {}),
        }
        _write(draft / "config.json", config)
        if bundle.taught:
            _write(draft / TAUGHT, bundle.taught)
        for node in bundle.networks.values():
            _save_network(draft / node.name, node)
    return folder


def free(name: str, version: str, root: Path) -> Path:
    """The folder of a version that is not there yet. Raises BundleError for one that is, or for a name that is none."""
    if not NAME.fullmatch(name) or not VERSION.fullmatch(version):
        raise BundleError(f"found {name}@{version}, expected a name like hip_vit and a version like 1.0.0")
    folder = root / name / version
    if folder.exists():
        raise BundleError(f"{folder} exists already and a version never changes; give the bundle a new version")
    return folder


class _Draft:
    """A folder that is written beside its place and takes it in one step, so that nobody ever sees half of it."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.draft = folder.parent / f".{folder.name}.{uuid4().hex[:8]}"  # hidden: no listing takes it for a version

    def __enter__(self) -> Path:
        self.draft.mkdir(parents=True)
        return self.draft

    def __exit__(self, fault: object, *_: object) -> None:
        if fault is None:
            try:
                self.draft.rename(self.folder)
            except OSError as taken:
                shutil.rmtree(self.draft, ignore_errors=True)
                raise BundleError(
                    f"{self.folder} exists already and a version never changes; give the bundle a new version"
                ) from taken
        else:
            shutil.rmtree(self.draft, ignore_errors=True)


def _save_network(part: Path, node: Node) -> None:
    from safetensors.numpy import save_file as save_arrays
    from safetensors.torch import save_file

    part.mkdir()
    ours = {"network": node.network, "options": node.options, "labels": list(node.outputs)}
    _write(part / "config.json", {**node.weights.hub_config(node.outputs), "osteolens": ours})
    _write(part / "preprocessor_config.json", node.preprocessing)
    state = node.weights.network.state_dict()
    half = {
        key: (value.half() if value.is_floating_point() else value).contiguous().cpu() for key, value in state.items()
    }
    save_file(half, part / "model.safetensors", metadata={"format": "pt"})
    if node.ood:
        save_arrays(dict(node.ood), part / "familiarity.safetensors")


def load(folder: Path) -> Bundle:
    """Rebuild a bundle strictly: every weight in its place and none left over. Raises BundleError in one sentence."""
    config = read_config(folder)
    card = folder / "README.md"
    return Bundle(
        name=config["name"],
        version=config["version"],
        networks=by_name(*(_node(folder / name, values) for name, values in config["networks"].items())),
        learned_from=config["learned_from"],
        intended_use=config["intended_use"],
        provenance=config["provenance"],
        evidence=_read(folder / "evidence.json"),
        card=card.read_text(encoding="utf-8") if card.exists() else "",
        facts=config["facts"],
        parent=config.get("parent", {}),
        taught=taught(folder),
    )


def taught(folder: Path) -> dict[str, Any]:
    """Which films and patients the bundle in a folder was made from, as hashes; empty where it does not say."""
    return _read(folder / TAUGHT) if (folder / TAUGHT).exists() else {}


def fingerprint(folder: Path) -> str:
    """Sixteen hex digits of a bundle's config and weights: what its answers depend on."""
    digest = hashlib.sha256((folder / "config.json").read_bytes())
    for weights in sorted(folder.glob("*/model.safetensors")):
        digest.update(weights.read_bytes())
    return digest.hexdigest()[:16]


def _node(part: Path, values: Mapping[str, Any]) -> Node:
    from safetensors.numpy import load_file as load_arrays

    config = _read(part / "config.json")["osteolens"]
    if tuple(config["labels"]) != tuple(values["outputs"]):
        raise BundleError(
            f"{part} orders its outputs {config['labels']}, its bundle {list(values['outputs'])}; the bundle is damaged"
        )
    ood = part / "familiarity.safetensors"
    return Node(
        name=part.name,
        task=values["task"],
        network=config["network"],
        options=config["options"],
        preprocessing=_read(part / "preprocessor_config.json"),
        outputs=tuple(config["labels"]),
        weights=_network(part, config),
        facts=values["facts"],
        ood=load_arrays(ood) if ood.exists() else {},
    )


def _network(part: Path, config: Mapping[str, Any]) -> "Network":
    """The network with its weights, ready to answer."""
    from safetensors import SafetensorError
    from safetensors.torch import load_file

    from models.networks import build

    network = build(config["network"], len(config["labels"]), config["options"])
    try:
        state = load_file(part / "model.safetensors")
        full = {key: value.float() if value.is_floating_point() else value for key, value in state.items()}
        network.network.load_state_dict(full, strict=True)
    except (OSError, RuntimeError, ValueError, SafetensorError) as fault:
        raise BundleError(
            f"the weights in {part} do not fit {config['network']}: {str(fault).splitlines()[0]}"
        ) from fault
    return network.eval().requires_grad_(False)


def read_config(folder: Path) -> dict[str, Any]:
    """A bundle's `config.json` as format 2 has it, whichever it was written in, with each network's outputs.

    Raises BundleError in one sentence for what is no bundle.
    """
    config = _read(folder / "config.json")
    try:
        if config.get("format", 1) == 1:
            config = _from_format_1(config)
        if config["format"] != FORMAT:
            raise BundleError(
                f"{folder} is written in format {config['format']}, expected {FORMAT} or older; update the program"
            )
        for name, values in config["networks"].items():
            if Path(name).name != name:
                raise BundleError(f"{folder} names a network {name!r}, expected a name without a path")
            if "outputs" not in values:  # format 1 keeps an order for the networks that answer a question alone
                values["outputs"] = _read(folder / name / "config.json")["osteolens"]["labels"]
        config["name"], config["version"], config["facts"], config["learned_from"]
    except (KeyError, TypeError, AttributeError) as fault:
        raise BundleError(
            f"{folder / 'config.json'} lacks {fault}, expected the config of a bundle; fetch the bundle again"
        ) from fault
    return config


def _from_format_1(config: Mapping[str, Any]) -> dict[str, Any]:
    """Three kinds of networks, told apart by the table they stand in, became one that names its task."""
    scored = bool(config.get("scores"))
    asked = "scores" if scored else "classes"
    networks: dict[str, Any] = {}
    for name, values in config["candidates"].items():
        facts = dict(values.get("facts", {}))
        if not scored:
            facts["temperature"] = values["temperature"]
        if "region" in values:
            facts["region"] = values["region"]
        if "voice" in values:
            facts["weight"] = values["voice"]
        networks[name] = {"task": asked, "outputs": config["scores"] if scored else config["labels"], "facts": facts}
    # Where classes are told, dense networks outline regions; elsewhere they mark points.
    for name, facts in config.get("outliners", {}).items():
        networks[name] = {"task": "masks" if config["labels"] else "landmarks", "facts": facts}
    for name, facts in config.get("densitometers", {}).items():
        networks[name] = {"task": "density", "facts": facts}
    facts_of: dict[str, Any] = {"density": {"coverage": config["coverage"]}} if config.get("densitometers") else {}
    if config["candidates"]:
        facts_of[asked] = {"coverage": config["coverage"]}
        if not scored:
            facts_of[asked]["conformal_quantile"] = config["conformal_quantile"]
    kept = ("name", "version", "learned_from", "intended_use", "provenance")
    return {"format": FORMAT, **{key: config[key] for key in kept}, "networks": networks, "facts": facts_of}


def _read(path: Path) -> dict[str, Any]:
    try:
        return json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as fault:
        raise BundleError(
            f"{path} cannot be read ({fault}); the bundle is damaged or not one, fetch it again"
        ) from fault


def _write(path: Path, values: Mapping[str, Any]) -> None:
    path.write_text(json.dumps(values, indent=1, ensure_ascii=False, allow_nan=False) + "\n", encoding="utf-8")


def amend(folder: Path, evidence: Mapping[str, Any], card: str) -> None:
    """Add what was measured to a bundle that was just made and that nobody reads with yet."""
    _write(folder / "evidence.json", evidence)
    (folder / "README.md").write_text(card, encoding="utf-8")


def copy(folder: Path, root: Path) -> Path:
    """The bundle in `folder` among those under root, whole or not at all. Raises BundleError rather than overwrite a
    version, for a folder that is no whole bundle, and for links, which may lead anywhere."""
    linked = next((path for path in (folder, *folder.rglob("*")) if path.is_symlink()), None)
    if linked is not None:
        raise BundleError(f"{linked} is a link, expected a bundle of plain files; copy what it leads to")
    bundle = load(folder)
    there = free(bundle.name, bundle.version, root)
    with _Draft(there) as draft:
        shutil.copytree(folder, draft, dirs_exist_ok=True)
    return there


def recalibrated(parent: Path, root: Path, bundle: Bundle) -> Path:
    """Write a bundle whose networks have the very weights of the one in `parent`, under root, whole or not at all:
    weights are linked where the disk can, and copied where it cannot. Raises BundleError rather than overwrite."""
    from safetensors.numpy import save_file as save_arrays

    there = free(bundle.name, bundle.version, root)
    with _Draft(there) as draft:
        shutil.copytree(parent, draft, dirs_exist_ok=True, copy_function=_linked)
        config = read_config(parent) | {"version": bundle.version, "facts": bundle.facts}
        config |= {"learned_from": bundle.learned_from, "provenance": bundle.provenance, "parent": bundle.parent}
        for node in bundle.networks.values():
            config["networks"][node.name]["facts"] = node.facts
            if node.ood:
                _freed(draft / node.name / "familiarity.safetensors")
                save_arrays(dict(node.ood), draft / node.name / "familiarity.safetensors")
        for name, values in (("config.json", config), ("evidence.json", bundle.evidence), (TAUGHT, bundle.taught)):
            _freed(draft / name)
            _write(draft / name, values)
        _freed(draft / "README.md")
        (draft / "README.md").write_text(bundle.card, encoding="utf-8")
    return there


def _linked(source: str, target: str) -> str:
    """Weights as a link to the same bytes on disk; anything else, and where links cannot be, as a copy."""
    if source.endswith("model.safetensors"):
        try:
            os.link(source, target)
            return target
        except OSError:
            pass
    return str(shutil.copy2(source, target))


def _freed(path: Path) -> None:
    """Take a name out of the way of what is to be written under it, so that no other bundle's file is written into."""
    path.unlink(missing_ok=True)


def describe(folder: Path) -> dict[str, Any]:
    """Config and evidence without loading any weights; and what its networks of classes and of scores answer with, and
    the coverage that their sets were calibrated for."""
    config = read_config(folder)
    outputs = {values["task"]: values["outputs"] for values in config["networks"].values()}
    coverage = next((facts["coverage"] for facts in config["facts"].values() if "coverage" in facts), None)
    return {
        **config,
        "labels": outputs.get("classes", []),
        "scores": outputs.get("scores", []),
        "coverage": coverage,
        "evidence": _read(folder / "evidence.json"),
        "folder": str(folder),
    }
