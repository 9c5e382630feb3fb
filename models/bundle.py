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
    <network>/*_osteolens.py            what transformers needs beside the weights to answer as a reading does
"""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from models.files.config import FORMAT, read_config
from models.files.draft import Draft, free
from models.files.network import load_node, save_network
from models.files.plain import read_json, write_json

if TYPE_CHECKING:  # a listing of bundles needs no network library
    from models.hub.publish import Published
    from models.networks import Network

TAUGHT = "taught.json"


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
    unit: str = "film"


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

    @classmethod
    def from_pretrained(cls, source: "str | Path", revision: str | None = None) -> "Bundle":
        """A bundle by its folder, or by `org/name` on the Hugging Face Hub at a revision. Raises BundleError for what
        is no bundle, and models.hub.errors.HubFault where the hub does not give it."""
        from models.hub.fetch import from_pretrained

        return from_pretrained(source, revision)

    def push_to_hub(self, repository: str, private: bool = False, dry_run: bool = False) -> "Published":
        """Send it to `org/name` on the hub, tagged with its version (models.hub.publish)."""
        from models.hub.publish import push

        return push(self, repository, private, dry_run)


def by_name(*nodes: Node) -> dict[str, Node]:
    """Nodes as a bundle keeps them."""
    return {node.name: node for node in nodes}


def save(bundle: Bundle, root: Path) -> Path:
    """Write the bundle under root/<name>/<version>, whole or not at all. Raises BundleError rather than overwrite a
    version."""
    folder = free(bundle.name, bundle.version, root)
    with Draft(folder) as draft:
        (draft / "README.md").write_text(bundle.card, encoding="utf-8")
        write_json(draft / "evidence.json", bundle.evidence)
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
        write_json(draft / "config.json", config)
        if bundle.taught:
            write_json(draft / TAUGHT, bundle.taught)
        for node in bundle.networks.values():
            save_network(draft / node.name, node)
    return folder


def load(folder: Path) -> Bundle:
    """Rebuild a bundle strictly: every weight in its place and none left over. Raises BundleError in one sentence."""
    config = read_config(folder)
    card = folder / "README.md"
    return Bundle(
        name=config["name"],
        version=config["version"],
        networks=by_name(*(load_node(folder / name, values) for name, values in config["networks"].items())),
        learned_from=config["learned_from"],
        intended_use=config["intended_use"],
        provenance=config["provenance"],
        evidence=read_json(folder / "evidence.json"),
        card=card.read_text(encoding="utf-8") if card.exists() else "",
        facts=config["facts"],
        parent=config.get("parent", {}),
        taught=taught(folder),
    )


def taught(folder: Path) -> dict[str, Any]:
    """Which films and patients the bundle in a folder was made from, as hashes; empty where it does not say."""
    return read_json(folder / TAUGHT) if (folder / TAUGHT).exists() else {}


def fingerprint(folder: Path) -> str:
    """Sixteen hex digits of a bundle's config and weights: what its answers depend on."""
    digest = hashlib.sha256((folder / "config.json").read_bytes())
    for weights in sorted(folder.glob("*/model.safetensors")):
        digest.update(weights.read_bytes())
    return digest.hexdigest()[:16]


def amend(folder: Path, evidence: Mapping[str, Any], card: str) -> None:
    """Add what was measured to a bundle that was just made and that nobody reads with yet."""
    write_json(folder / "evidence.json", evidence)
    (folder / "README.md").write_text(card, encoding="utf-8")


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
        "evidence": read_json(folder / "evidence.json"),
        "folder": str(folder),
    }
