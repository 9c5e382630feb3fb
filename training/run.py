"""What a training was asked for, and who does a task's share of it."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path
from typing import Any

import torch

from core.system.watch import Watch
from models.bundle import Bundle
from models.initial import begin_with, initialise
from models.networks import build, freeze
from recipes.recipe import Recipe
from tasks.objective import Objective
from tasks.part import Candidate, Preset
from tasks.task import Say
from training.continuation import Continuation
from training.device import device
from training.fit import Schedule, fit


@dataclass(frozen=True)
class Run:
    """One training. init: first weights by candidate, instead of the recipe's own. learned_from: what the card says of
    the data. how: what it goes on from, where it fine-tunes a bundle. watch: is told of every epoch."""

    recipe: Recipe
    preset_name: str
    folder: Path
    seed: int
    version: str
    learned_from: str
    init: Mapping[str, str] = field(default_factory=dict)
    workers: int = 1
    say: Say = lambda *_: None
    how: Continuation | None = None
    watch: Watch = lambda *_: None

    @property
    def preset(self) -> Preset:
        return self.recipe.presets[self.preset_name]


@dataclass(frozen=True)
class NetworkTrainer:
    """Does what `tasks.task.Trainer` promises. data: a fingerprint of the films that are learned from."""

    run: Run
    data: str

    @property
    def preset(self) -> Preset:
        return self.run.preset

    @property
    def seed(self) -> int:
        return self.run.seed

    @property
    def say(self) -> Say:
        return self.run.say

    @property
    def device(self) -> torch.device:
        """Where networks answer while they are calibrated: as in reading, by the setting."""
        return device()

    @property
    def parent(self) -> Bundle | None:
        """The bundle that is fine-tuned; None where networks begin from elsewhere."""
        return self.run.how.parent if self.run.how else None

    def begin(
        self,
        candidate: Candidate,
        outputs: int,
        like: str | None = None,
        trained: Mapping[str, Any] | None = None,
    ) -> tuple[Any, bool]:
        """First weights: those that the run names for the candidate; else those of the network that it comes after;
        else those named for the one it is like; else the recipe's. Where a bundle is fine-tuned, its own, head
        included."""
        torch.manual_seed(self.seed)
        if self.run.how is not None:
            return self.run.how.begun(candidate), True
        network = build(candidate.network, outputs, candidate.options)
        own = self.run.init.get(candidate.name)
        if own is None and candidate.after is not None and candidate.after in (trained or {}):
            begin_with(network, (trained or {})[candidate.after])
            pretrained = True
        else:
            source = own or self.run.init.get(like or "", candidate.init)
            initialise(network, source, candidate.name)
            pretrained = source != "scratch"
        if pretrained:
            freeze(network, candidate.frozen)
        return network, pretrained

    def fit(
        self,
        network: Any,
        candidate: Candidate,
        objective: Objective | Callable[[int], Objective],
        validation: Objective | None,
        *,
        pretrained: bool = False,
        stage: str | None = None,
        epochs: int | None = None,
        seed: int | None = None,
    ) -> Any:
        """The trained network, in evaluation mode, on the CPU. A run that was killed goes on where it was."""
        name = stage or candidate.name
        schedule = replace(Schedule.of(candidate, self.preset), gentle=self.parent is not None)
        schedule = schedule if epochs is None else replace(schedule, epochs=epochs)
        self.say(name, 0, schedule.epochs)
        return fit(
            network,
            objective,
            schedule,
            self.run.folder / name,
            self.seed if seed is None else seed,
            watch=validation,
            pretrained=pretrained or schedule.gentle,
            tell=lambda done, all_: self.say(name, done, all_),
            key=self.data,
            note=partial(self.run.watch, name),
        )
