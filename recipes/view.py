"""Which view a film is: it guards every other recipe from what that was not made for.

No published system of its own: a thin ResNet, taught on virtual films, on pictures that are no such film, and on real
films at hand; and a distance to what it learned from, for what it has never seen.
Reproduce  python cli.py train view --data virtual --preset demo --out runs/view
"""

from dataclasses import dataclass

import torch

from core.estimate import Probabilities
from core.radiograph import Pixels, Radiograph
from core.reading import ViewGuess
from evidence.calibration import calibrated
from evidence.familiarity import Familiarity
from imaging.preprocess import Preprocess
from models import engine
from models.bundle import Bundle
from recipes.recipe import Recipe
from tasks import CLASSES
from tasks.part import Candidate, Part, Preset

OTHER = "other"
VIEWS = ("hip_ap", "hip_lateral", "knee_ap", "spine_lateral", OTHER)
IN_WORDS = {
    "hip_ap": "a hip from in front",
    "hip_lateral": "a hip from the side",
    "knee_ap": "a knee from in front",
    "spine_lateral": "a spine from the side",
    OTHER: "none of the views that are read here",
}
SURE = 0.8  # below this the network's word refuses nothing

RESNET = Candidate(
    name="resnet",
    network="resnet",
    preprocess=Preprocess(size=(64, 64)),  # a view is told by the whole, and fine detail tells one archive from another
    options={"layer_type": "basic", "embedding_size": 16, "hidden_sizes": [16, 32, 64, 128], "depths": [1, 1, 1, 1]},
)
RESNET_18 = Candidate(
    name="resnet",
    network="resnet",
    preprocess=Preprocess(size=(224, 224)),
    options={"layer_type": "basic", "embedding_size": 64, "hidden_sizes": [64, 128, 256, 512], "depths": [2, 2, 2, 2]},
)

RECIPE = Recipe(
    name="view",
    title="Which view a film is",
    paper="a residual network after He et al., CVPR 2016; distances after Sun et al., ICML 2022",
    site="other",
    view="other",
    labels=VIEWS,
    parts=(Part(CLASSES, "film", VIEWS, {"demo": (RESNET,), "paper": (RESNET_18,)}),),
    presets={
        "demo": Preset(epochs=30, batch_size=48, learning_rate=4e-3),
        "paper": Preset(epochs=60, batch_size=64, learning_rate=1e-3),
    },
    bundle="view@0.1.0",
    holding="origins",
)


@dataclass(frozen=True)
class Seen:
    """What the view network makes of a film: shares, the calibrated probability of each of `VIEWS`.

    strange: it lies farther from all films learned from than any of them from the others, so it is `other` whatever
    the shares say.
    """

    shares: Probabilities
    strange: bool = False

    @property
    def name(self) -> str:
        return OTHER if self.strange else max(self.shares, key=self.shares.__getitem__)

    @property
    def sure(self) -> bool:
        """Whether a film may be refused on this word."""
        return self.strange or self.shares[self.name] >= SURE

    def guess(self, name: str | None = None) -> ViewGuess:
        """A view, the likeliest unless named, and how sure the network is of it; None where distance decided."""
        name = name or self.name
        return ViewGuess(name, None if self.strange and name == OTHER else round(self.shares[name], 4))

    @property
    def in_words(self) -> str:
        """What it looks like, for a sentence."""
        if self.strange:
            return "nothing that the network of views learned from"
        share = self.shares[self.name]
        said = "more than 99 %" if share > 0.99 else f"{share * 100:.0f} %"  # nothing is certain
        return f"{IN_WORDS[self.name]} ({said} sure)"


def look(film: Radiograph, bundle: Bundle, on: torch.device) -> Seen:
    """Which view a film is."""
    (one,) = bundle.ensemble(CLASSES.name).nodes
    answer = engine.answer(one, Preprocess.from_dict(one.preprocessing)(film), on)
    return seen_from(answer.logits, answer.features, one.facts["temperature"], Familiarity.from_arrays(one.familiarity))


def seen_from(logits: Pixels, features: Pixels, temperature: float, familiarity: Familiarity) -> Seen:
    """From logits [K] and features [D] of one film."""
    shares = dict(zip(VIEWS, map(float, calibrated(logits, temperature)), strict=True))
    return Seen(shares, bool(familiarity.distance(features) > familiarity.foreign))
