"""What a recipe binds together. One value a published system."""

from dataclasses import dataclass, field
from typing import Any, Literal

from core.radiograph import Site, View
from imaging.preprocess import Preprocess

Loss = Literal["cross_entropy", "ordinal"]


@dataclass(frozen=True)
class Candidate:
    """A network to train and compare, with the input it sees.

    init: where its first weights come from when the command line names none (see models.initial).
    frozen: the share of its layers, from the input on, that keep their first weights; 1.0 teaches the head alone.
    region: the outlined region it is shown, cut out of the film ("matting"); None for the whole crop or film.
    clinical: whether it is told age, sex and BMI beside the film.
    after: the candidate whose weights it begins with, where it shares layers with one taught before.
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

    candidates: networks that give the class. outliners: dense networks that give regions or landmarks.
    loss: `ordinal` adds the squared earth mover's distance, for which a class two steps off is worse than one.
    balanced: whether each class is heard as much as the others, however rare.
    tone: how strongly exposure, contrast and processing are varied while classes or densities are learned.
    guide: manifest columns (T-scores, say) that the features must also tell while learning; the answer stays the class.
    placed: whether the maps must also tell where the regions lie, by the manifest's masks.
    virtual_films: how many films `--data virtual` makes for it. fresh: whether they are made anew every epoch, on the
    training device; otherwise once, on disk.
    patience: epochs without a better loss on the held-out films after which training stops; None trains them all.
    averaged: whether the weights that are kept are the running mean of those along the way (EMA).
    stages: of a training in stages, with their own epochs.
    """

    candidates: tuple[Candidate, ...]
    epochs: int
    batch_size: int
    learning_rate: float
    weight_decay: float = 1e-4
    folds: int = 5
    outliners: tuple[Candidate, ...] = ()
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


@dataclass(frozen=True)
class Recipe:
    """One published system: what it reads, with what, and how that is trained.

    bundle: `name@version` of the weights it reads with, or None while there are none.
    finder: the bundle that finds the limbs on a film; None reads the film as a whole.
    regions: names of the regions it outlines in each limb. outlines: the bundle whose networks draw them.
    scores: questions of yes or no that it answers instead of naming a class; its labels are then empty.
    shared: whether the limbs of one film share one label, so that the film's answer joins theirs.
    measures: regions whose bone density it tells in g/cm2; the class then follows from the T-score.
    """

    name: str
    title: str
    paper: str
    site: Site
    view: View
    labels: tuple[str, ...]
    presets: dict[str, Preset]
    bundle: str | None
    simplifications: tuple[str, ...] = ()
    finder: str | None = None
    regions: tuple[str, ...] = ()
    outlines: str | None = None
    measures: tuple[str, ...] = ()
    scores: tuple[str, ...] = ()
    shared: bool = False

    @property
    def view_name(self) -> str:
        """Site and view as a reading names them, such as `knee_ap`."""
        return f"{self.site}_{self.view}"

    @property
    def shows(self) -> str:
        """The same in words: an AP knee film."""
        return f"{'an AP' if self.view == 'ap' else f'a {self.view}'} {self.site} film"
