"""What a recipe is made of: parts, the networks that compete in each, and how they are trained."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from imaging.preprocess import Preprocess
from tasks.task import Task

Loss = Literal["cross_entropy", "ordinal"]
Unit = Literal["film", "limb", "region", "body"]  # what one answer is about


@dataclass(frozen=True)
class Candidate:
    """A network to train and compare, with the input it sees.

    init: where its first weights come from when the command line names none (see models.initial).
    frozen: the share of its layers, from the input on, that keep their first weights; 1.0 fits the head alone.
    region: the outlined region it is shown, cut out of the film ("matting"); None for the whole crop or film.
    clinical: whether it is given age, sex and BMI beside the film.
    after: the candidate whose weights it begins with, where it shares layers with one trained before.
    epochs, batch_size, learning_rate: instead of the preset's, where it needs its own.
    """

    name: str
    network: str
    preprocess: Preprocess
    options: dict[str, Any] = field(default_factory=dict)
    init: str = "scratch"
    frozen: float = 0.0
    region: str | None = None
    clinical: bool = False
    after: str | None = None
    epochs: int | None = None
    batch_size: int | None = None
    learning_rate: float | None = None


@dataclass(frozen=True)
class Part:
    """One question of a recipe: a task, about what, and which networks compete in it.

    outputs: what the networks answer with, in order: classes, yes/no questions, regions or landmarks.
    candidates: by preset. source: `name@version` of the bundle whose networks answer, where another recipe trains them.
    """

    task: Task
    unit: Unit
    outputs: tuple[str, ...]
    candidates: Mapping[str, tuple[Candidate, ...]] = field(default_factory=dict)
    source: str | None = None


@dataclass(frozen=True)
class Stage:
    """One step of a training in stages: each begins with the weights that the one before it left.

    target: the manifest's column of the projection that is learned. absolute, gradient, matching, adversarial: weights
    of the projection's losses (tasks.density.projection_loss); density: weight of the regions' densities.
    """

    name: str
    target: str
    epochs: int
    absolute: float = 0.0
    gradient: float = 0.0
    matching: float = 0.0
    adversarial: float = 0.0
    density: float = 0.0


@dataclass(frozen=True)
class Preset:
    """How a recipe is trained. `demo` fits two CPU cores; `paper` is the published size.

    loss: `ordinal` adds the squared earth mover's distance, for which a class two steps off is worse than one.
    balanced: whether the loss is weighted by inverse class frequency.
    tone: how strongly exposure, contrast and processing are varied while classes or densities are learned.
    guide: manifest columns (T-scores, say) that the features must also predict while learning: auxiliary targets.
    placed: whether the maps must also tell where the regions lie, by the manifest's masks: auxiliary supervision.
    virtual_films: how many films `--data virtual` makes for it. fresh: whether they are made anew every epoch, on the
    training device; otherwise once, on disk.
    patience: epochs without a better loss on the validation films after which training stops; None trains them all.
    averaged: whether the weights that are kept are the running mean of those along the way (EMA).
    stages: of a training in stages, with their own epochs.
    """

    epochs: int
    batch_size: int
    learning_rate: float
    weight_decay: float = 1e-4
    folds: int = 5
    loss: Loss = "cross_entropy"
    balanced: bool = True
    tone: float = 1.0
    guide: tuple[str, ...] = ()
    placed: bool = False
    virtual_films: int = 0
    fresh: bool = False
    patience: int | None = None
    averaged: bool = False
    stages: tuple[Stage, ...] = ()
