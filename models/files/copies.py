"""Bundles made from bundles: copied onto another shelf, or recalibrated with the same weights."""

import os
import shutil
from pathlib import Path

from models.bundle import TAUGHT, Bundle, load
from models.files.config import read_config
from models.files.draft import Draft, free
from models.files.network import FAMILIARITY, WEIGHTS, save_configs, save_familiarity
from models.files.plain import BundleError, write_json


def copy(folder: Path, root: Path) -> Path:
    """The bundle in `folder` among those under root, whole or not at all. Raises BundleError rather than overwrite a
    version, for a folder that is no whole bundle, and for links, which may lead anywhere."""
    linked = next((path for path in (folder, *folder.rglob("*")) if path.is_symlink()), None)
    if linked is not None:
        raise BundleError(f"{linked} is a link, expected a bundle of plain files; copy what it leads to")
    bundle = load(folder)
    there = free(bundle.name, bundle.version, root)
    with Draft(there) as draft:
        shutil.copytree(folder, draft, dirs_exist_ok=True)
    return there


def recalibrated(parent: Path, root: Path, bundle: Bundle) -> Path:
    """Write a bundle whose networks have the very weights of the one in `parent`, under root, whole or not at all:
    weights are linked where the disk can, and copied where it cannot. Raises BundleError rather than overwrite."""
    there = free(bundle.name, bundle.version, root)
    with Draft(there) as draft:
        shutil.copytree(parent, draft, dirs_exist_ok=True, copy_function=_linked)
        config = read_config(parent) | {"version": bundle.version, "facts": bundle.facts}
        config |= {"learned_from": bundle.learned_from, "provenance": bundle.provenance, "parent": bundle.parent}
        for node in bundle.networks.values():
            config["networks"][node.name]["facts"] = node.facts
            if node.ood:
                _freed(draft / node.name / FAMILIARITY)
                save_familiarity(draft / node.name, node)
            save_configs(draft / node.name, node)
        for name, values in (("config.json", config), ("evidence.json", bundle.evidence), (TAUGHT, bundle.taught)):
            _freed(draft / name)
            write_json(draft / name, values)
        _freed(draft / "README.md")
        (draft / "README.md").write_text(bundle.card, encoding="utf-8")
    return there


def _linked(source: str, target: str) -> str:
    """Weights as a link to the same bytes on disk; anything else, and where links cannot be, as a copy."""
    if source.endswith(WEIGHTS):
        try:
            os.link(source, target)
            return target
        except OSError:
            pass
    return str(shutil.copy2(source, target))


def _freed(path: Path) -> None:
    """Take a name out of the way of what is to be written under it, so that no other bundle's file is written into."""
    path.unlink(missing_ok=True)
