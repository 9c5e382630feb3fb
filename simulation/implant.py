"""Metal in a hip: total and half prostheses, a trochanteric nail, a sliding hip screw, cannulated neck screws.

Sizes are those of common products: heads of 28 to 36 mm, cups 3.5 mm thick, stems that fill the canal, nails of 11 mm
with a proximal part of 16 mm, lag screws of 10.5 mm, cannulated screws of 6.5 mm. Metals after ISO 5832.
"""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from simulation.anatomy import femur
from simulation.anatomy.implicit import curve
from simulation.anatomy.surface import Points, Surface
from simulation.xray.pose import Pose

KINDS = ("total_prosthesis", "half_prosthesis", "nail", "sliding_screw", "neck_screws")
SHARES = (0.42, 0.13, 0.20, 0.13, 0.12)
WITHOUT_HEAD = ("total_prosthesis", "half_prosthesis")  # head and neck of the bone are gone
SIDES = 28  # corners of a round section

Vector = npt.NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Metal:
    """One piece of one material in the world: a closed surface in its own frame, and where that stands."""

    material: str  # a key of `physics.TISSUES`
    surface: Surface
    pose: Pose


@dataclass(frozen=True, eq=False)
class Implant:
    """What one hip carries. in_femur: pieces in the left femur's frame; in_pelvis: pieces about the hip's centre."""

    kind: str
    in_femur: tuple[tuple[str, Surface], ...]
    in_pelvis: tuple[tuple[str, Surface], ...] = ()

    def placed(self, side: str, femur_pose: Pose, cup_pose: Pose) -> tuple[Metal, ...]:
        """The pieces in the world, for the right hip mirrored."""
        return tuple(
            Metal(material, surface.mirrored() if side == "R" else surface, pose)
            for pieces, pose in ((self.in_femur, femur_pose), (self.in_pelvis, cup_pose))
            for material, surface in pieces
        )


def draw(shape: femur.FemurShape, cup_mm: float, thickness: float, rng: np.random.Generator) -> Implant:
    """An implant of a random kind that fits the femur. cup_mm: radius of the socket. thickness: of the cortex against
    a young adult's, which says how wide the canal is."""
    kind = str(rng.choice(KINDS, p=SHARES))
    if kind in WITHOUT_HEAD:
        return _prosthesis(kind, shape, cup_mm, thickness, rng)
    if kind == "nail":
        return Implant(kind, _nail(shape, rng))
    return Implant(kind, _sliding_screw(shape, rng) if kind == "sliding_screw" else _neck_screws(shape, rng))


def resected(p: Points, shape: femur.FemurShape) -> Points:
    """Points of a left femur with head and neck taken off: what lies beyond the saw's plane is laid into it, where it
    encloses nothing. The plane crosses the neck's axis at its base, from the fossa to above the lesser trochanter."""
    axis, base = _neck_axis(shape), _at(shape, (30.0, -23.0, 0.0))
    beyond = np.maximum((p - base) @ axis, 0.0)
    return np.asarray(p - beyond[:, None] * axis)


def _prosthesis(
    kind: str, shape: femur.FemurShape, cup_mm: float, thickness: float, rng: np.random.Generator
) -> Implant:
    """Stem, neck and head; a cup with up to two screws in the total, a head of the bone's own size in the half one."""
    cemented = rng.random() < (0.35 if kind == "total_prosthesis" else 0.75)
    end = float(rng.normal(-150 if cemented else -140, 10))
    canal = float(np.clip(14.2 - 5.0 * thickness, 8.0, 12.5)) * shape.shaft
    fill = (0.70 if cemented else 0.88) * canal / 9.2
    nodes = np.array(
        [
            (42.5, end, 1.4, 3.4 * fill, 3.4 * fill),
            (42.6, end + 12, 1.2, 5.6 * fill, 5.2 * fill),
            (42.7, -104, 0.6, 7.4 * fill, 6.4 * fill),
            (42.2, -80, 0.0, 8.6 * fill, 7.0 * fill),
            (40.8, -58, 0.0, 10.4, 7.6),
            (37.2, -40, 0.0, 11.6, 8.2),
            (30.6, -25, 0.0, 9.6, 7.8),
            (24.5, -19, 0.0, 6.2, 6.2),
        ]
    )
    stem_metal = "cobalt_chrome" if cemented else "titanium"
    head_mm = shape.size * shape.head * femur.HEAD_RADIUS - 0.3
    if kind == "total_prosthesis":
        head_mm = float(rng.choice([14.0, 16.0, 18.0], p=[0.3, 0.4, 0.3]))
    head_metal = "alumina" if kind == "total_prosthesis" and rng.random() < 0.4 else "cobalt_chrome"
    neck = _at(shape, (28.0, -21.6, 0.0))
    pieces = [
        (stem_metal, swept(_shaped(nodes, shape))),
        (stem_metal, revolved(np.array([(0, 0), (6.6, 0), (6.2, 0.6), (5.8, 0.92), (0, 0.92)]), neck, -neck, True)),
        (head_metal, _ball(head_mm)),
    ]
    if cemented:  # a mantle of 2 to 3 mm around the stem, with a plug of cement below its tip
        mantle = nodes[:-1] + np.array([0, 0, 0, 2.4, 2.2])
        mantle[-1] = nodes[-2]
        mantle[0, 1] -= 12
        pieces.append(("cement", swept(_shaped(mantle, shape))))
    if kind == "half_prosthesis":
        return Implant(kind, tuple(pieces))
    tilt, forward = np.radians(np.clip(rng.normal(43, 6), 28, 60)), np.radians(np.clip(rng.normal(16, 7), -2, 32))
    opening = np.array([np.sin(tilt) * np.cos(forward), -np.cos(tilt) * np.cos(forward), np.sin(forward)])
    outer = cup_mm + 0.8
    angle = np.radians(np.linspace(0, 89, 16))
    shell = np.concatenate(
        [r * np.stack([np.sin(a), -np.cos(a)], 1) for r, a in ((outer, angle), (outer - 3.5, angle[::-1]))]
    )
    cup: list[tuple[str, Surface]] = [("titanium", revolved(shell, np.zeros(3), opening))]
    for lean in rng.uniform(-0.25, 0.25, int(rng.integers(0, 3))):
        into = np.array([-0.30 + lean, 0.9, -0.35])
        into /= np.linalg.norm(into)
        cup.append(("titanium", _screw(outer * into, outer * into + rng.uniform(20, 32) * into, 2.6, 3.2, 1.0)))
    return Implant(kind, tuple(pieces), tuple(cup))


def _nail(shape: femur.FemurShape, rng: np.random.Generator) -> tuple[tuple[str, Surface], ...]:
    """Nail from the tip of the greater trochanter, lag screw into the head, one locking screw across the shaft."""
    end = float(-290 if rng.random() < 0.35 else rng.normal(-165, 8))
    radius = float(rng.choice([5.0, 5.5, 6.0]))
    nodes = np.array(
        [
            (50.5, 1.0 + rng.normal(0, 2), -4.0, 7.8, 7.8),
            (48.5, -18, -3.0, 7.8, 7.8),
            (45.8, -52, -1.0, 7.8, 7.8),
            (44.6, -72, 0.0, 7.4, 7.4),
            (43.8, -92, 0.0, radius, radius),
            (43.2, -125, 0.8, radius, radius),
            (42.6, end + 8, 2.0, radius, radius),
            (42.5, end, 2.0, 0.72 * radius, 0.72 * radius),
        ]
    )
    metal = "titanium" if rng.random() < 0.8 else "steel"
    tip, outside = _through_neck(shape, float(rng.normal(-2.0, 2.0)), 0.0, float(rng.uniform(8, 14)), 26.0)
    pieces = [(metal, swept(_shaped(nodes, shape))), (metal, _screw(outside, tip, 5.2, 5.2, 0.0, 27.0, 3.9))]
    if end > -250:
        level = end + 26
        pieces.append((metal, _screw(_at(shape, (62, level, 1.5)), _at(shape, (26, level, 1.5)), 2.5, 4.0, 2.5)))
    return tuple(pieces)


def _sliding_screw(shape: femur.FemurShape, rng: np.random.Generator) -> tuple[tuple[str, Surface], ...]:
    """Lag screw in a barrel, side plate along the lateral cortex, screws through both cortices of the shaft."""
    metal = "steel" if rng.random() < 0.7 else "titanium"
    tip, outside = _through_neck(shape, float(rng.normal(-2.5, 1.5)), 0.0, float(rng.uniform(8, 14)), 26.0)
    into = (tip - outside) / np.linalg.norm(tip - outside)
    holes = int(rng.choice([2, 3, 4, 5], p=[0.2, 0.2, 0.5, 0.1]))
    bottom = -62 - 16 * holes
    plate = np.array(
        [
            (65.3, -36, -0.5, 2.6, 8.0),
            (64.2, -52, 0, 2.8, 9.0),
            (61.6, -80, 0.4, 2.7, 8.8),
            (61.4, bottom - 8, 0.4, 2.5, 8),
        ]
    )
    pieces = [
        (metal, swept(_shaped(plate, shape), square=4.0)),
        (metal, _screw(outside + 8 * into, tip, 6.2, 6.2, 0.0, 23.0, 4.0)),
        (metal, _rod(outside, outside + 36 * into, 6.4, 3.9)),
    ]
    for hole in range(holes):
        level = -72.0 - 16 * hole
        pieces.append((metal, _screw(_at(shape, (64.5, level, 0.4)), _at(shape, (25.5, level, 0.4)), 2.2, 4.0, 3.5)))
    return tuple(pieces)


def _neck_screws(shape: femur.FemurShape, rng: np.random.Generator) -> tuple[tuple[str, Surface], ...]:
    """Three cannulated screws along the neck in a triangle, sometimes two, with or without washers."""
    metal = "titanium" if rng.random() < 0.6 else "steel"
    washer = rng.random() < 0.3
    pieces: list[tuple[str, Surface]] = []
    for up, forward in ((-7.5, 0.0), (5.0, 6.5), (5.0, -6.5))[: 3 if rng.random() < 0.8 else 2]:
        up, forward = up + rng.normal(0, 0.7), forward + rng.normal(0, 0.7)
        tip, outside = _through_neck(shape, up, forward, float(rng.uniform(7, 13)), 27.5)
        into = (tip - outside) / np.linalg.norm(tip - outside)
        pieces.append((metal, _screw(outside, tip, 3.3, 4.3, 4.5, 17.0, 2.3, bore=1.2)))
        if washer:
            pieces.append((metal, _rod(outside + 4.3 * into, outside + 5.5 * into, 6.5, 2.4)))
    return tuple(pieces)


def _at(shape: femur.FemurShape, point: tuple[float, float, float]) -> Vector:
    return np.asarray(shape.apply(np.array([point], float))[0])


def _shaped(nodes: npt.NDArray[np.float64], shape: femur.FemurShape) -> npt.NDArray[np.float64]:
    return np.concatenate([shape.apply(nodes[:, :3]), nodes[:, 3:] * shape.size], 1)


def _neck_axis(shape: femur.FemurShape) -> Vector:
    axis = _at(shape, tuple(femur.NECK_WAIST)) - _at(shape, tuple(femur.JUNCTION))
    return np.asarray(axis / np.linalg.norm(axis))


def _through_neck(
    shape: femur.FemurShape, up: float, forward: float, beyond: float, outside: float
) -> tuple[Vector, Vector]:
    """Both ends of a line along the neck: `beyond` mm past the head's centre, `outside` mm past the shaft's axis.
    It runs beside the neck's axis by `up` and `forward` mm."""
    base, axis = _at(shape, tuple(femur.JUNCTION)), _neck_axis(shape)
    aside = np.array([up * axis[1], -up * axis[0], forward])  # the axis runs to the middle: its left normal is up
    reach = float(-base @ axis)
    return base + aside + (reach + beyond) * axis, base + aside - outside * shape.size * axis


def revolved(profile: npt.NDArray[np.float64], start: Vector, axis: Vector, relative: bool = False) -> Surface:
    """A solid of revolution. profile: closed line of (radius, height) along `axis` from `start`, mm; where it ends off
    the axis it is closed to a ring. relative: heights are shares of the axis' length."""
    length = float(np.linalg.norm(axis))
    along = axis / length
    beside = np.cross(along, [0.0, 0.0, 1.0] if abs(along[2]) < 0.9 else [1.0, 0.0, 0.0])
    beside /= np.linalg.norm(beside)
    third = np.cross(along, beside)
    angle = np.arange(SIDES) * (2 * np.pi / SIDES)
    around = np.cos(angle)[:, None] * beside + np.sin(angle)[:, None] * third
    height = profile[:, 1] * (length if relative else 1.0)
    rings = start + profile[:, None, :1] * around + height[:, None, None] * along
    return _tube_of(rings, ring=bool(profile[0, 0] > 0))


def swept(nodes: npt.NDArray[np.float64], square: float = 2.6) -> Surface:
    """A body along a smooth line through nodes (x, y, z, half width in the frontal plane, half depth), flat at its
    ends. square: 2 for an elliptic section, more for one with corners."""
    line = curve(nodes, 5)
    tangent = np.gradient(line[:, :3], axis=0)
    tangent /= np.linalg.norm(tangent, axis=1, keepdims=True)
    wide = np.cross(tangent, [0.0, 0.0, 1.0])
    wide /= np.linalg.norm(wide, axis=1, keepdims=True)
    deep = np.cross(wide, tangent)
    angle = np.arange(SIDES) * (2 * np.pi / SIDES)
    a, b = (np.sign(t) * np.abs(t) ** (2 / square) for t in (np.cos(angle), np.sin(angle)))
    rings = (
        line[:, None, :3]
        + (line[:, 3, None] * a)[..., None] * wide[:, None]
        + (line[:, 4, None] * b)[..., None] * deep[:, None]
    )
    ends = [np.repeat(line[i : i + 1, None, :3], SIDES, 1) for i in (0, -1)]
    return _tube_of(np.concatenate([ends[0], rings, ends[1]]), ring=False)


def _tube_of(rings: npt.NDArray[np.float64], ring: bool) -> Surface:
    """Rings of corners [R, SIDES, 3] joined; the last to the first for a ring, else first and last have no width."""
    count = len(rings)
    upper = np.arange(count if ring else count - 1)[:, None]
    here, next_ = np.arange(SIDES)[None], (np.arange(SIDES)[None] + 1) % SIDES
    a, b = upper * SIDES + here, upper * SIDES + next_
    c, d = ((upper + 1) % count) * SIDES + here, ((upper + 1) % count) * SIDES + next_
    faces = np.concatenate([np.stack(f, -1).reshape(-1, 3) for f in ((a, b, d), (a, d, c))])
    if not ring:  # each end is one point
        faces[faces < SIDES] = 0
        faces[faces >= (count - 1) * SIDES] = (count - 1) * SIDES
        faces = faces[(faces[:, 0] != faces[:, 1]) & (faces[:, 1] != faces[:, 2]) & (faces[:, 2] != faces[:, 0])]
    surface = Surface(rings.reshape(-1, 3), faces)
    return surface if surface.volume_mm3 > 0 else Surface(surface.vertices, faces[:, ::-1].copy())


def _ball(radius: float) -> Surface:
    angle = np.linspace(0, np.pi, 17)
    profile = radius * np.stack([np.sin(angle), -np.cos(angle)], 1)
    profile[[0, -1], 0] = 0
    return revolved(profile, np.zeros(3), np.array([0.0, 1.0, 0.0]))


def _rod(start: Vector, end: Vector, radius: float, bore: float) -> Surface:
    return revolved(np.array([(bore, 0), (radius, 0), (radius, 1), (bore, 1)]), start, end - start, relative=True)


def _screw(
    start: Vector,
    tip: Vector,
    radius: float,
    head: float,
    head_mm: float,
    thread_mm: float | None = None,
    core: float | None = None,
    bore: float = 0.0,
) -> Surface:
    """A screw from its head to its tip. radius: over the thread; core: of its shank; thread_mm: how far the thread
    reaches from the tip (the whole length unless told); bore: radius of the hollow core of a cannulated screw."""
    length = float(np.linalg.norm(tip - start))
    core = 0.72 * radius if core is None else core
    turns = length - head_mm - 1 if thread_mm is None else min(thread_mm, length - head_mm - 1)
    pitch = 0.55 * radius
    line: list[tuple[float, float]] = [(bore, 0.0)]
    if head_mm:
        line += [(head, 0.0), (head, 0.75 * head_mm), (core, head_mm)]
    else:
        line += [(core, 0.0)]
    low = length - turns
    line.append((core, low))
    while low + pitch < length - 1:
        line += [
            (radius, low + 0.3 * pitch),
            (radius, low + 0.5 * pitch),
            (core, low + 0.8 * pitch),
            (core, low + pitch),
        ]
        low += pitch
    line += [(0.7 * core, length), (bore, length)]
    return revolved(np.array(line), start, tip - start)
