"""Fine-tuning: a training that begins with a whole bundle, heads included, and goes on gently."""

from collections.abc import Mapping
from copy import deepcopy
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from core.settings import settings
from imaging.preprocess import Preprocess
from models.bundle import Bundle, Node, fingerprint, load
from models.networks import Network, freeze
from models.registry import find
from recipes.recipe import EPOCHS_ON, Recipe
from tasks.part import Candidate, Part

# What was measured to keep what a bundle knows (docs/experiments.md, 2026-11-26).
BATCH = 16
RATE = 1e-4
HEAD_RATE = 1e-3  # where heads alone learn: they are small, and nothing before them moves
FREEZE = {"none": 0.0, "backbone": 1.0}  # words for the share of layers that stay


@dataclass(frozen=True, eq=False)
class Continuation:
    """What a run goes on from, and how.

    parent: with its weights. fingerprint: of its config and weights. virtual_share: of the rows learned from that show
    virtual patients. frozen: the share of each network's layers, from the input on, that stay as they are; None leaves
    that to the recipe. epochs: that each network learns.
    """

    parent: Bundle
    fingerprint: str
    virtual_share: float = 0.0
    frozen: float | None = None
    epochs: int = EPOCHS_ON

    @property
    def record(self) -> dict[str, Any]:
        """What the new bundle says of where it came from."""
        return {
            "name": self.parent.name,
            "version": self.parent.version,
            "fingerprint": self.fingerprint,
            "virtual_share": self.virtual_share,
            "frozen": self.frozen,
            "epochs": self.epochs,
        }

    def nodes(self, part: Part) -> tuple[Node, ...]:
        """The parent's networks that answer a part."""
        return self.parent.ensemble(part.task.name, part.outputs).nodes

    def facts(self, part: Part) -> Mapping[str, Any]:
        """What was fitted to the parent's joint answer."""
        return self.parent.ensemble(part.task.name, part.outputs).facts

    def begun(self, candidate: Candidate) -> Any:
        """The parent's network of that name with all its weights, ready to learn but for the layers that stay."""
        network: Network = deepcopy(self.parent.networks[candidate.name].weights)
        freeze(network.requires_grad_(True), candidate.frozen)
        return network


def continuation(
    recipe: Recipe,
    named: str,
    virtual_share: float | None,
    frozen: str | None,
    epochs: int | None,
) -> Continuation:
    """How a recipe goes on from a bundle: `name@version`, or its folder. frozen: a word of `FREEZE`, or a share.

    Raises ValueError in one sentence for a bundle that is not there or belongs to another recipe, and for what cannot
    be asked of this one.
    """
    if recipe.holding == "origins":
        raise ValueError(
            f"{recipe.name} is taught on virtual and real films of every origin at once, expected a recipe that reads "
            "hips, knees or spines; train it again with --data virtual"
        )
    folder = Path(named) if (Path(named) / "config.json").is_file() else find(named, settings().weights)
    parent = load(folder)
    if parent.name != recipe.name:
        raise ValueError(f"{named} is a bundle of {parent.name}, expected one of {recipe.name}; name that one")
    missing = [part.task.name for part in recipe.own if not parent.ensemble(part.task.name, part.outputs).nodes]
    if len(missing) == len(recipe.own):
        raise ValueError(f"{named} answers none of what {recipe.name} asks today, expected a bundle of this version")
    share = virtual_share
    if share is None:
        share = recipe.virtual_share
    if not 0 <= share < 1:
        raise ValueError(f"a virtual share of {share:g} was asked for, expected 0 or more and less than 1")
    if share and not recipe.makes_virtual:
        raise ValueError(f"{recipe.name} learns from no virtual patients, expected a virtual share of 0; leave it out")
    if epochs is not None and epochs < 1:
        raise ValueError(f"{epochs} epochs were asked for, expected 1 or more")
    return Continuation(parent, fingerprint(folder), share, frozen_share(frozen), epochs or EPOCHS_ON)


def frozen_share(said: str | None) -> float | None:
    """A word or a number as the share of layers that stay. Raises ValueError for anything else."""
    if said is None or said in FREEZE:
        return None if said is None else FREEZE[said]
    try:
        share = float(said)
    except ValueError:
        share = -1.0
    if not 0 <= share <= 1:
        raise ValueError(f"found freeze {said!r}, expected {', '.join(FREEZE)} or a share of the layers from 0 to 1")
    return share


def continued(recipe: Recipe, preset_name: str, how: Continuation) -> Recipe:
    """The recipe with the parent's networks as its candidates, and a preset of that name that goes on gently: few
    epochs at a low rate, and none of the auxiliary targets, whose last layers no bundle keeps."""
    preset = recipe.presets[preset_name]
    parts = tuple(
        one if one.source else replace(one, candidates={preset_name: _candidates(one, recipe, how)})
        for one in recipe.parts
    )
    gentle = replace(
        preset,
        epochs=how.epochs,
        batch_size=min(preset.batch_size, BATCH),
        learning_rate=RATE,
        guide=(),
        placed=False,
        fresh=False,
        patience=None,
        averaged=False,
        stages=tuple(replace(stage, epochs=how.epochs) for stage in preset.stages[-1:]),
    )
    return replace(recipe, parts=parts, presets={preset_name: gentle})


def preset_of(recipe: Recipe, how: Continuation, asked: str) -> str:
    """The preset that the parent was trained with, as far as the recipe knows it."""
    taught = str(how.parent.provenance.get("preset", asked))
    return taught if taught in recipe.presets else asked


def _candidates(part: Part, recipe: Recipe, how: Continuation) -> tuple[Candidate, ...]:
    """What the parent's networks of a part are, as candidates: its own preprocessing and options, whatever the recipe
    says today."""
    known = {one.name: one for preset in recipe.presets for one in recipe.candidates(preset)}
    found = []
    for node in how.nodes(part):
        own = known.get(node.name)
        frozen = how.frozen if how.frozen is not None else own.frozen if own else 0.0
        found.append(
            Candidate(
                name=node.name,
                network=node.network,
                preprocess=Preprocess.from_dict(node.preprocessing),
                options=node.options,
                frozen=frozen,
                region=node.facts.get("region"),
                clinical="clinical" in node.facts,
                learning_rate=HEAD_RATE if frozen == 1 else None,
            )
        )
    return tuple(found)
