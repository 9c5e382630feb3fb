"""What stands beside the weights that ship: their networks' configs, and the code by which transformers loads them.

    python -m bench.configs [FOLDER ...]

Written anew whenever a source that they are made from changes (models.files.beside); no tensor is touched, and no
bundle's own config, so its fingerprint stays. A test says when it is due.
"""

import sys
from dataclasses import replace
from pathlib import Path

from core.settings import ROOT
from models.bundle import Node, load
from models.files.network import save_configs
from models.files.plain import read_json
from recipes import learner


def rewrite(folder: Path) -> None:
    """The configs and the code of every network of a bundle."""
    bundle = load(folder)
    for node in bundle.networks.values():
        for old in (folder / node.name).glob("*.py"):
            old.unlink()
        save_configs(folder / node.name, with_unit(bundle.name, folder / node.name, node))


def with_unit(bundle: str, part: Path, node: Node) -> Node:
    """A network of a bundle that was saved before networks said what they answer about; the recipe knows."""
    if "unit" in read_json(part / "config.json")["osteolens"]:
        return node
    units = [one.unit for one in learner(bundle).own if (one.task.name, one.outputs) == (node.task, node.outputs)]
    return replace(node, unit=units[0])


if __name__ == "__main__":
    named = [Path(word) for word in sys.argv[1:]]
    for config in sorted((ROOT / "weights").glob("*/*/config.json")):
        if not named or config.parent in named:
            rewrite(config.parent)
