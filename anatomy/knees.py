"""Where the knees are on a film of one leg or of two, and which is the right one."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt
import torch

from anatomy.joint import SIDES, Shape
from anatomy.knee import KNEE, LANDMARKS, NEEDED, PICTURED, TURNED_OVER, pictured
from anatomy.limb import SURE, Limb, one_a_place
from core.radiograph import Radiograph, Side
from imaging.crop import Box, cut
from imaging.preprocess import Preprocess
from models import engine
from models.bundle import Node

HALF = 0.54  # of the film's width: what is looked at for one leg of two
TWO_LEGS = 0.6  # width to height of the narrowest film that may show two
LONG = 1.4  # height to width of what may show much of a leg besides the knee
LENGTH = 0.62  # of the height: what is looked at of a long leg
FARTHER = 1.4  # times the film's longer side: a close-up of one knee is larger than the finder likes
CLOSER = 1.5  # times the joint's square: the second look, which sees the fibula well
ASKED = tuple(PICTURED.index(name) for name in PICTURED[: len(NEEDED)])
FIBULA = PICTURED.index("fibular_head")


def find_knees(film: Radiograph, finder: Node, on: torch.device) -> list[Limb]:
    """Every knee on a film, the right one first; none where the finder is not sure of one's shape.

    The whole film, each half of it and each end of a long leg are looked at for one knee each. Where one is, a closer
    look at the film and at the film turned over places it, and the head of the fibula says which knee it is: it lies at
    the outer side.
    """
    inputs, shape = Preprocess.from_dict(finder.preprocessing), Shape.from_dict(KNEE, finder.facts["shape"])

    def look(window: Box, seen: Radiograph) -> Look:
        points, sure = engine.find(finder, inputs.grey(seen), on)
        shares = inputs.points_back(points, seen) / max(seen.height, seen.width)
        return Look(shares * window.side + window.corner, sure)

    def look_closer(first: Look) -> Look:
        near = replace(first.limb.box.wider(CLOSER), mirrored=False)
        as_it_is = look(near, cut(film, near, inputs.size[0]))
        over = look(near, cut(film, replace(near, mirrored=True), inputs.size[0]))
        return as_it_is.joined(over.turned_back(near.centre_xy[0]))

    found = []
    for window, seen in windows(film, inputs.size[0]):
        first = look(window, seen)
        if first.least < SURE:
            continue
        closer = look_closer(first)
        if closer.least >= SURE:
            found.append(closer)
    limbs = [one.limb for one in found]
    apart = one_a_place(limbs)
    looks = named([one for one, limb in zip(found, limbs, strict=True) if limb in apart], film.side)
    alike = [look.limb for look in looks if shape.distance(look.limb.points, look.side) <= KNEE.alike]
    return sorted(alike, key=lambda limb: SIDES.index(limb.side))


@dataclass(frozen=True, eq=False)
class Look:
    """Landmarks as PICTURED [K, 2] in pixels of the film, and how sure each is [K]. told: the side, where something
    else than the fibula tells it."""

    places: npt.NDArray[np.floating]
    sure: npt.NDArray[np.floating]
    told: Side | None = None

    @property
    def least(self) -> float:
        return float(np.min(self.sure[list(ASKED)]))

    @property
    def middle(self) -> float:
        """Of the joint, across the film."""
        return float(self.places[:2, 0].mean())

    @property
    def side(self) -> Side:
        """Right where the fibula lies to the left on the picture."""
        return self.told or ("R" if self.places[FIBULA, 0] < self.middle else "L")

    @property
    def side_sure(self) -> bool:
        return self.told is not None or bool(self.sure[FIBULA] >= SURE)

    def as_side(self, side: Side) -> "Look":
        return replace(self, told=side)

    def turned_back(self, middle: float) -> "Look":
        """What was seen on the film turned over about a column x, as it lies on the film."""
        over = self.places * (-1, 1) + (2 * middle, 0)
        return replace(self, places=over[list(TURNED_OVER)], sure=self.sure[list(TURNED_OVER)])

    def joined(self, other: "Look") -> "Look":
        """Both looks' mean; a fibula that they see on either side of the bone lies where it was seen more surely."""
        surer = self if self.sure[FIBULA] >= other.sure[FIBULA] else other
        places, sure = (self.places + other.places) / 2, (self.sure + other.sure) / 2
        if self.side != other.side:
            places[FIBULA], sure[FIBULA] = surer.places[FIBULA], abs(self.sure[FIBULA] - other.sure[FIBULA])
        return Look(places, sure)

    @property
    def limb(self) -> Limb:
        by_name = {LANDMARKS[at]: place for at, place in zip(pictured(self.side), self.places, strict=True)}
        points = {name: (float(by_name[name][0]), float(by_name[name][1])) for name in NEEDED}
        return Limb(self.side, points, KNEE.box_of(points, self.side), self.least, self.side_sure)


def named(looks: Sequence[Look], marked: str | None = None) -> list[Look]:
    """The surest knees of a film, one of either side at most.

    Of two the surer fibula names both; where neither is sure, the one to the left is the right knee. One alone whose
    fibula is not sure is the knee that the film is marked as, if it is.
    """
    best = sorted(looks, key=lambda look: -look.least)[:2]
    if len(best) == 1 and not best[0].side_sure and marked in SIDES:
        return [best[0].as_side(marked)]
    if len(best) == 2:
        surer, other = sorted(best, key=lambda look: -float(look.sure[FIBULA]))
        if surer.side_sure:
            other_side: Side = "L" if surer.side == "R" else "R"
            return [surer, other.as_side(other_side)]
        return [
            look.as_side(side) for look, side in zip(sorted(best, key=lambda look: look.middle), SIDES, strict=True)
        ]
    return best


def windows(film: Radiograph, size: int) -> Iterator[tuple[Box, Radiograph]]:
    """What is looked at for one knee each: where it lies on the film (`side` is its longer one), and its pixels."""
    columns = [slice(0, film.width)]
    if film.width >= TWO_LEGS * film.height:
        columns += list(_ends(film.width, HALF))
    for across in columns:
        rows = [slice(0, film.height)]
        if film.height >= LONG * (across.stop - across.start):
            rows += list(_ends(film.height, LENGTH))
        for down in rows:
            valid = None if film.valid is None else film.valid[down, across]
            seen = replace(film, pixels=film.pixels[down, across], valid=valid)
            side = max(seen.height, seen.width)
            yield Box((across.start + side / 2, down.start + side / 2), side), seen
    farther = Box((film.width / 2, film.height / 2), FARTHER * max(film.height, film.width))
    yield farther, cut(film, farther, size)


def _ends(length: int, share: float) -> tuple[slice, slice]:
    part = round(share * length)
    return slice(0, part), slice(length - part, length)
