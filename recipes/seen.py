"""What the network of views makes of a film."""

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
from recipes.view import IN_WORDS, OTHER, SURE, VIEWS
from tasks import CLASSES


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
