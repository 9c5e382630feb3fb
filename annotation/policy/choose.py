"""Which of the cases offered go to experts in one round, within a budget, and why each."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Final, Literal, get_args

from annotation.policy.asking import CONTROL, draw
from annotation.policy.offer import Offer
from annotation.policy.spread import farthest_first, nearest

Policy = Literal["hard", "diverse", "random", "mixed"]
POLICIES: Final[tuple[Policy, ...]] = get_args(Policy)
HARD: Final = "hardest"
DIVERSE: Final = "diverse"
RANDOM: Final = "random"
# `mixed` spreads out over so many times the budget of the hardest cases: informative first, then diverse (Zhdanov,
# arXiv 1901.05954).
WIDER: Final = 3
LIKELY_COPIES: Final = 5  # nearest cases among those chosen that a case is compared with by content
NEAR: Final = 0.05  # cosine distance beyond which no two films are compared; copies lay within (docs/decisions)

Alike = Callable[[Offer, Offer], bool]


@dataclass(frozen=True)
class Choice:
    """A case that goes to an expert, and why. listed: whether it is in the worklist already, and is now drawn for the
    control arm too. blind: whether the expert must not see what the model said."""

    offer: Offer
    reasons: tuple[str, ...]
    listed: bool = False

    @property
    def blind(self) -> bool:
        return CONTROL in self.reasons


@dataclass(frozen=True)
class Selection:
    """What would go to experts. copies: cases passed over as copies, with the case of which each is one. listed: cases
    that are in the worklist already. rest: how many new cases were left."""

    choices: tuple[Choice, ...] = ()
    copies: tuple[tuple[Offer, Offer], ...] = ()
    listed: tuple[Offer, ...] = ()
    rest: int = 0

    @property
    def control(self) -> int:
        """How many of them are the random control arm."""
        return sum(one.blind for one in self.choices)


@dataclass
class _Round:
    """One choice as it is being made."""

    alike: Alike
    known: list[Offer]  # in the worklist before
    chosen: dict[tuple[str, str], Choice] = field(default_factory=dict)
    copies: list[tuple[Offer, Offer]] = field(default_factory=list)
    passed: set[tuple[str, str]] = field(default_factory=set)

    def take(self, offer: Offer, reasons: tuple[str, ...]) -> bool:
        """Choose a case, unless it is chosen or is a copy of one that is, or that is in the worklist."""
        if offer.key in self.chosen or offer.key in self.passed:
            return False
        if any(one.key == offer.key for one in self.known):
            self.chosen[offer.key] = Choice(offer, reasons, listed=True)
            return True
        original = self._original(offer)
        if original is not None:
            self.copies.append((offer, original))
            self.passed.add(offer.key)
            return False
        self.chosen[offer.key] = Choice(offer, reasons)
        return True

    def _original(self, offer: Offer) -> Offer | None:
        others = [*self.known, *(one.offer for one in self.chosen.values())]
        if offer.embedding is None:
            near = [one for one in others if one.recipe == offer.recipe and one.embedding is None]
        else:
            seen = [(one, one.embedding) for one in others if _comparable(one, offer) and one.embedding is not None]
            places = nearest(offer.embedding, [limbs for _, limbs in seen], LIKELY_COPIES, NEAR)
            near = [seen[place][0] for place in places]
        return next((one for one in near if self.alike(offer, one)), None)


def choose(
    offers: Sequence[Offer],
    budget: int,
    policy: Policy,
    control: float,
    key: bytes,
    known: Sequence[Offer] = (),
    alike: Alike = lambda one, other: False,
) -> Selection:
    """At most `budget` of the cases, those of the control arm first.

    control: the share of the budget that is drawn at random for the control arm, at least one case where it is above 0.
    The draw is `draw`, over all cases that are offered, before and without regard to anything else, so that the error
    rate among these cases is that among all of them. A case that an earlier round put in the worklist as a hard one may
    be drawn too: left out, it would make the arm too easy. The rest of the budget goes by the policy: `hard`, highest
    priority first; `diverse`, spread out over what the network makes of the films; `random`; `mixed`, spread out over
    the hardest. known: cases of the worklist; they are not chosen again, and `diverse` begins at a distance from them.
    alike: whether two films are copies, asked about those nearest in embedding; no copy is chosen beside its like.
    Raises ValueError for a budget or a share out of range.
    """
    if budget < 1:
        raise ValueError(f"found a budget of {budget}, expected at least 1 case")
    if not 0 <= control <= 1:
        raise ValueError(f"found a control share of {control:g}, expected 0 to 1, as in 0.1 for a tenth of the budget")
    if policy not in POLICIES:
        raise ValueError(f"found the policy {policy!r}, expected one of {', '.join(POLICIES)}")
    distinct = list({one.key: one for one in offers}.values())
    listed = {one.key for one in known}
    drawn_before = {one.key for one in known if CONTROL in one.reasons}
    new = [one for one in distinct if one.key not in listed]
    round_ = _Round(alike, list(known))
    drawn = [one for one in distinct if one.key not in drawn_before]
    by_draw = sorted(drawn, key=lambda one: (draw(one.case_id, one.recipe, key), one.key))
    arm = min(budget, max(1, round(control * budget))) if control else 0
    for offer in by_draw:
        if len(round_.chosen) >= arm:
            break
        round_.take(offer, (*offer.reasons, CONTROL))
    left = [one for one in new if one.key not in round_.chosen]
    for offers_in_turn, reason in _orders(policy, left, round_, budget, key):
        for offer in offers_in_turn:
            if len(round_.chosen) >= budget:
                break
            round_.take(offer, tuple(dict.fromkeys((*offer.reasons, reason))))
    gone = sum(not one.listed for one in round_.chosen.values()) + len(round_.copies)
    return Selection(
        tuple(round_.chosen.values()),
        tuple(round_.copies),
        tuple(one for one in distinct if one.key in listed),
        len(new) - gone,
    )


def _orders(
    policy: Policy, offers: list[Offer], round_: _Round, budget: int, key: bytes
) -> Iterator[tuple[Iterator[Offer], str]]:
    """In which order cases are chosen, and what is said of each; a later order is begun when one before is used up."""
    hardest = sorted(offers, key=lambda one: (-one.priority, one.key))
    if policy == "hard":
        yield iter(hardest), HARD
    elif policy == "random":
        # Not the control arm's draw: the first cases of that are spoken for.
        yield iter(sorted(offers, key=lambda one: draw(one.case_id, f"{one.recipe} to teach", key))), RANDOM
    elif policy == "diverse":
        yield _spread_out(offers, round_), DIVERSE
        yield iter(hardest), HARD
    else:
        yield _spread_out(hardest[: WIDER * (budget - len(round_.chosen))], round_), DIVERSE
        yield iter(hardest), HARD


def _spread_out(offers: list[Offer], round_: _Round) -> Iterator[Offer]:
    """The cases that have an embedding, those of each recipe in turn, each the farthest from all chosen before it."""
    groups: dict[tuple[str, int], list[Offer]] = {}
    for offer in offers:
        if offer.embedding is not None:
            groups.setdefault((offer.recipe, offer.embedding.shape[1]), []).append(offer)
    turns = [_one_kind(group, round_) for group in groups.values()]
    while turns:
        for turn in list(turns):
            following = next(turn, None)
            if following is None:
                turns.remove(turn)
            else:
                yield following


def _one_kind(offers: list[Offer], round_: _Round) -> Iterator[Offer]:
    before = [*round_.known, *(one.offer for one in round_.chosen.values())]
    begun = [one.embedding for one in before if one.embedding is not None and _comparable(one, offers[0])]
    order = farthest_first([one.embedding for one in offers if one.embedding is not None], begun)
    counted: bool | None = None
    while True:
        try:
            place = next(order) if counted is None else order.send(counted)
        except StopIteration:
            return
        yield offers[place]
        counted = offers[place].key in round_.chosen  # a copy that was passed over covers nothing new


def _comparable(one: Offer, other: Offer) -> bool:
    """Whether two embeddings come from one network."""
    if one.recipe != other.recipe or one.embedding is None or other.embedding is None:
        return False
    return one.embedding.shape[1] == other.embedding.shape[1]
