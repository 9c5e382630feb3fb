"""Bones from a folder of meshes instead of the built-in bodies: VTK PolyData in ASCII (`.vtp`), in metres.

The folder's `l_femur.vtp` and `pelvis_lv.vtp` take the place of the mean femur and hip bone: placed in their frames by
the sphere of the head, the axis of the shaft and the socket, brought to the mean size, made finer and smooth, and then
shaped, thinned and posed as the built-in ones are. World axes of the folder: x forward, y up, z to the patient's right.
Only closed surfaces can be irradiated: a mesh with holes is refused.
"""

import xml.etree.ElementTree as ElementTree
from functools import cache
from pathlib import Path

import numpy as np
import numpy.typing as npt
from scipy.interpolate import RBFInterpolator
from scipy.spatial import cKDTree

from simulation.anatomy import femur, pelvis
from simulation.anatomy.surface import Points, Surface
from simulation.xray.pose import turn

MILLIMETRES = 1000.0
LAID_BACK_DEGREES = -12.0  # from upright in the folder to lying


class BadMesh(ValueError):
    """The mesh cannot be used: what was found, what was expected."""


def read(path: Path) -> Surface:
    """A closed surface in mm from an ASCII `.vtp` file in metres; polygons are cut into triangles."""
    if not path.exists():
        raise BadMesh(f"no mesh {path.name} in {path.parent}, expected a VTK PolyData file (.vtp, ASCII)")
    try:
        root = ElementTree.parse(path).getroot()
        piece = root.find(".//Piece")
        points = None if piece is None else piece.find("Points/DataArray")
        polygons = {} if piece is None else {a.get("Name"): a for a in piece.findall("Polys/DataArray")}
        if points is None or not {"connectivity", "offsets"} <= set(polygons):
            raise BadMesh(f"{path.name} holds no points and polygons, expected VTK PolyData")
        for array in (points, *polygons.values()):
            if array.get("format", "ascii").lower() != "ascii":
                raise BadMesh(f"{path.name} is written in {array.get('format')}, expected ASCII")
        vertices = np.array((points.text or "").split(), float).reshape(-1, 3) * MILLIMETRES
        corners = np.array((polygons["connectivity"].text or "").split(), int)
        ends = np.array((polygons["offsets"].text or "").split(), int)
    except (ElementTree.ParseError, ValueError) as fault:
        if isinstance(fault, BadMesh):
            raise
        raise BadMesh(f"{path.name} cannot be read ({fault}), expected VTK PolyData in ASCII") from fault
    faces = []
    for start, end in zip([0, *ends[:-1]], ends, strict=True):
        ring = corners[start:end]
        faces += [(ring[0], ring[i], ring[i + 1]) for i in range(1, len(ring) - 1)]
    return closed(Surface(vertices, np.array(faces, dtype=np.int64)), path.name)


def closed(surface: Surface, name: str) -> Surface:
    """The surface, equal points joined, faces outwards. Raises BadMesh where it has holes or is no bone's size."""
    _, first, which = np.unique(surface.vertices.round(4), axis=0, return_index=True, return_inverse=True)
    faces = which.ravel()[surface.faces]
    faces = faces[(faces[:, 0] != faces[:, 1]) & (faces[:, 1] != faces[:, 2]) & (faces[:, 2] != faces[:, 0])]
    joined = Surface(surface.vertices[first], faces)
    holes = joined.open_edges()
    if holes:
        raise BadMesh(f"{name} has {holes} open edges, expected a closed surface: fill its holes first")
    if joined.volume_mm3 < 0:
        joined = Surface(joined.vertices, faces[:, ::-1].copy())
    if not 1e3 < joined.volume_mm3 < 5e6:
        raise BadMesh(
            f"{name} encloses {joined.volume_mm3 / 1000:.3g} cm3, "
            "expected a bone of 1 to 5000 cm3: are its units metres?"
        )
    return joined


@cache
def left_femur(folder: Path) -> Surface:
    """The folder's left femur in the mean femur's frame and size, its trochanters, neck and shaft where the mean one's
    are: what is true of the mean one's landmarks and regions is then true of it.

    World axes of the folder: x forward, y up, z to the patient's right (as in OpenSim).
    """
    raw = read(folder / "l_femur.vtp")
    own = raw.vertices[:, [2, 1, 0]] * np.array([-1.0, 1.0, 1.0])
    surface = Surface(own, raw.faces)
    if surface.volume_mm3 < 0:
        surface = Surface(own, raw.faces[:, ::-1].copy())
    surface = surface.subdivided(smoothing=6).subdivided(smoothing=4)
    vertices = surface.vertices
    top = vertices[:, 1].max()
    near_top = vertices[
        (vertices[:, 1] > top - 38) & (vertices[:, 0] < np.median(vertices[vertices[:, 1] > top - 38, 0]))
    ]
    centre, radius = _sphere(near_top)
    if not 15 < radius < 32:
        raise BadMesh(f"the head of l_femur.vtp has a radius of {radius:.0f} mm, expected 15 to 32 mm")
    vertices = vertices - centre
    shaft = [vertices[np.abs(vertices[:, 1] - level) < 14].mean(0) for level in (-120.0, -160.0, -200.0, -240.0)]
    up = shaft[0] - shaft[-1]
    up /= np.linalg.norm(up)
    # The neck's plane: through the shaft's axis and the head's centre.
    to_shaft = shaft[0] - (shaft[0] @ up) * up
    lateral = to_shaft / np.linalg.norm(to_shaft)
    frame = np.stack([lateral, up, np.cross(lateral, up)])
    vertices = vertices @ frame.T * (femur.HEAD_RADIUS / radius)
    return Surface(_fitted(vertices, femur_marks(vertices), femur_marks(femur.template().vertices)), surface.faces)


def femur_marks(vertices: Points) -> Points:
    """Places that every left proximal femur has [M, 3], in the frame of `simulation.anatomy.femur`: the head, both
    trochanters, the neck's waist, the shaft. Raises BadMesh where a part is not there."""

    def top(among: npt.NDArray[np.bool_], height: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
        if among.sum() < 6:
            raise BadMesh(
                "the femur has no surface where its neck, trochanters or shaft should be; expected a left femur, whole "
                "from the head to the middle of the shaft"
            )
        rows = np.flatnonzero(among)
        return np.asarray(vertices[rows[np.argsort(height[rows])[-6:]]].mean(0))

    x, y, z = vertices.T
    head = femur.HEAD_RADIUS * np.array([[-1, 0, 0], [0, 1, 0], [-0.7, 0.7, 0], [-0.7, -0.7, 0], [0, 0, 1], [0, 0, -1]])
    outer, low = (x > 32) & (y > -75), (y < -40) & (y > -100)
    marks = [top(outer, y), top(outer, x), top(low, -0.6 * x - 0.8 * z), *_waist(vertices)]
    for level in (-110.0, -150.0, -200.0):
        near = np.abs(y - level) < 6
        marks += [top(near, side * value) * np.array([1, 0, 1]) + np.array([0, level, 0])
                  for value in (x, z) for side in (-1, 1)]  # fmt: skip
    return np.vstack([np.zeros(3), head, *marks])


def _waist(vertices: Points) -> list[npt.NDArray[np.float64]]:
    """Middle, lower edge, front and back of the neck where it is thinnest; its upper edge runs into the trochanter."""
    axis = -femur.NECK_AXIS
    best: tuple[float, npt.NDArray[np.float64], npt.NDArray[np.float64]] = (np.inf, np.zeros(3), vertices)
    for along in np.arange(21.0, 36.0, 1.0):
        height = vertices @ axis
        aside = vertices - height[:, None] * axis
        ring = vertices[(np.abs(height - along) < 2.5) & (np.linalg.norm(aside, axis=1) < 27)]
        if len(ring) < 6:
            continue
        middle = (ring.max(0) + ring.min(0)) / 2
        wide = float(np.linalg.norm(ring - middle, axis=1).mean())
        if wide < best[0]:
            best = (wide, middle, ring)
    _, middle, ring = best
    ways = np.array([[axis[1], -axis[0], 0.0], [0.0, 0.0, 1.0], [0.0, 0.0, -1.0]])
    return [middle, *(ring[np.argmax(ring @ way)] for way in ways)]


def _fitted(vertices: Points, marks: Points, wanted: Points) -> Points:
    """Vertices bent so that their marks lie within some mm of where they are wanted, smoothly (thin plates, Bookstein
    1989): marks that were met exactly would leave dents between them."""
    bend = RBFInterpolator(marks, wanted, kernel="thin_plate_spline", smoothing=500.0)
    return np.asarray(bend(vertices))


@cache
def left_hip_bone(folder: Path) -> Surface:
    """The folder's left hip bone in the pelvis frame, its socket where the mean one's is, laid back as on the table."""
    raw = read(folder / "pelvis_lv.vtp")
    surface = Surface(raw.vertices[:, [2, 1, 0]] * np.array([-1.0, 1.0, 1.0]), raw.faces)
    if surface.volume_mm3 < 0:
        surface = Surface(surface.vertices, raw.faces[:, ::-1].copy())
    surface = surface.subdivided(smoothing=4).subdivided(smoothing=3)
    socket = _socket(surface)
    if not 60 < socket[0] < 115:
        raise BadMesh(f"the socket of pelvis_lv.vtp lies {socket[0]:.0f} mm from the midline, expected 60 to 115 mm")
    laid = (surface.vertices - socket * np.array([0.0, 1.0, 1.0])) @ turn(x=LAID_BACK_DEGREES).T
    return _rounded(Surface(laid * (pelvis.HIP[0] / socket[0]), surface.faces))


def _rounded(surface: Surface) -> Surface:
    """The hip bone with its socket in the mean one's place and size: a coarse mesh has a wide one, and a head would
    hang in it far below the roof."""
    away = surface.vertices - pelvis.HIP
    distance = np.linalg.norm(away, axis=1)
    faces_it = -(away * surface.normals).sum(1) / np.maximum(distance, 1e-9) > 0.8
    centre, radius = _sphere(surface.vertices[faces_it & (distance < 45)])
    if not 18 < radius < 40:
        raise BadMesh(f"the socket of pelvis_lv.vtp has a radius of {radius:.0f} mm, expected 18 to 40 mm")
    near = 1 / (1 + np.exp((distance - 44) / 5))[:, None]
    moved = pelvis.HIP + (surface.vertices - centre) * (pelvis.CUP_RADIUS / radius)
    return Surface(surface.vertices * (1 - near) + moved * near, surface.faces)


def _socket(surface: Surface) -> npt.NDArray[np.float64]:
    """The socket's middle: the point to which most normals of the surface lead over a socket's radius."""
    aims = surface.vertices + pelvis.CUP_RADIUS * surface.normals
    tree = cKDTree(aims)
    crowd = np.array([len(near) for near in tree.query_ball_point(aims, 5.0)])
    return np.asarray(aims[tree.query_ball_point(aims[crowd.argmax()], 5.0)].mean(0))


def _sphere(points: Points) -> tuple[npt.NDArray[np.float64], float]:
    """Least-squares sphere through points: centre and radius in mm; outliers beyond 3 mm are left out once."""
    keep = np.ones(len(points), bool)
    centre, radius = points.mean(0), 24.0
    for _ in range(4):
        p = points[keep]
        system = np.c_[2 * p, np.ones(len(p))]
        solved, *_ = np.linalg.lstsq(system, (p**2).sum(1), rcond=None)
        centre = solved[:3]
        radius = float(np.sqrt(solved[3] + centre @ centre))
        keep = np.abs(np.linalg.norm(points - centre, axis=1) - radius) < 3
        if keep.sum() < 10:
            break
    return centre, radius
