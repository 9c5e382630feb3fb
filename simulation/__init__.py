"""Virtual patients and their films, whose truth is known exactly.

film = simulation.simulate("hip_ap", seed=1, index=0, scanner="alpha", size=512)
film.pixels, film.masks["L_femoral_neck"], film.rows[0]["abmd_femoral_neck"]
"""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import numpy as np
import numpy.typing as npt
import torch
from threadpoolctl import threadpool_limits

from simulation import hip, knee, mesh, spine
from simulation.film import Scene, VirtualFilm, bone_projections, take
from simulation.patient import draw
from simulation.scanner import SCANNERS, Scanner, scanner_named

SCENES = {"hip_ap": hip.scene, "knee_ap": knee.scene, "spine_lateral": spine.scene}
VIEWS = tuple(SCENES)
FRAMES = {
    "hip_ap": ("any", "pelvis", "hip", "frog_leg"),
    "knee_ap": ("any", "both", "single"),
    "spine_lateral": ("any",),
}
SIZE = 1024  # long side in pixels, unless told

__all__ = ["SCANNERS", "VIEWS", "VirtualFilm", "batch", "projections", "simulate"]


def simulate(
    view: str,
    seed: int,
    index: int,
    scanner: str = "alpha",
    size: int | None = None,
    device: str = "cpu",
    frame: str = "any",
    pose: int = 0,
    truth: bool = True,
    meshes: Path | None = None,
    implants: float = 0.0,
    dose: float = 1.0,
    dysplasia: float = 0.0,
    fractures: float = 0.0,
) -> VirtualFilm:
    """Film number `index` of the cohort `seed`: the same for ever on one kind of device, whatever else is made.

    size: long side in pixels. frame: for hip_ap `pelvis` or `hip`, for knee_ap `both` or `single`; `any` draws one.
    `frog_leg` is never drawn: a hip from the side, for what must know that it is none from in front.
    pose: another number poses and exposes the same person anew (repeatability). truth: False leaves out masks,
    landmarks and projections; the rows stay. meshes: a folder of bone meshes that every other person gets instead of
    the built-in hips (`simulation.mesh`). implants: share of the people who carry metal in one hip
    (`simulation.implant`), dysplasia: of those born with shallow sockets; fractures: of those who come with a broken
    vertebra besides the ones who have it by their density and age. The others' films are the same whatever the shares.
    dose: factor on the quanta that reach the detector.
    """
    size = SIZE if size is None else size
    machine = check(view, scanner, size, frame, meshes, implants, dysplasia, fractures)
    if not 0 < dose <= 100:
        raise ValueError(f"a dose of {dose:g} times the scanner's was asked for, expected above 0 and at most 100")
    machine = replace(machine, fluence=machine.fluence * dose)
    with _one_thread():
        return _made(
            view, seed, index, machine, size, device, frame, pose, truth, meshes, implants, dysplasia, fractures
        )


def projections(
    view: str,
    seed: int,
    index: int,
    scanner: str = "alpha",
    size: int | None = None,
    frame: str = "any",
    pose: int = 0,
    implants: float = 0.0,
    dysplasia: float = 0.0,
) -> dict[str, npt.NDArray[np.float32]]:
    """The projections [H, W] in g/cm2 of the film that `simulate` makes of the same values, in half of its time."""
    size = SIZE if size is None else size
    machine = check(view, scanner, size, frame, None, implants, dysplasia)
    with _one_thread():
        scene = _scene(view, seed, index, machine, size, frame, pose, None, implants, dysplasia)
        return {name: mineral.numpy() for name, mineral in bone_projections(scene).items()}


def check(
    view: str,
    scanner: str,
    size: int,
    frame: str = "any",
    meshes: Path | None = None,
    implants: float = 0.0,
    dysplasia: float = 0.0,
    fractures: float = 0.0,
) -> Scanner:
    """The scanner of that name. Raises ValueError, with what there is, for what cannot be made."""
    if view not in VIEWS:
        raise ValueError(f"no view {view!r}; there are {', '.join(VIEWS)}")
    if frame not in FRAMES[view]:
        raise ValueError(f"no frame {frame!r} of {view}; there are {', '.join(FRAMES[view])}")
    if not 64 <= size <= 4096:
        raise ValueError(f"a film of {size} pixels was asked for, expected 64 to 4096")
    if meshes is not None:
        if view != "hip_ap":
            raise ValueError(f"a folder of meshes was given, but {view} has built-in bodies only; meshes serve hip_ap")
        mesh.left_femur(meshes)
        mesh.left_hip_bone(meshes)
    shares = (("implants", implants, "hip_ap"), ("dysplasia", dysplasia, "hip_ap"))
    for what, share, serves in (*shares, ("fractures", fractures, "spine_lateral")):
        if not 0 <= share <= 1:
            raise ValueError(f"a share of {share:g} people with {what} was asked for, expected 0 to 1")
        if share and view != serves:
            raise ValueError(f"{what} was asked for, but {view} has none; {what} serves {serves}")
    return scanner_named(scanner)


def _made(
    view: str,
    seed: int,
    index: int,
    machine: Scanner,
    size: int,
    device: str,
    frame: str,
    pose: int,
    truth: bool,
    meshes: Path | None,
    implants: float,
    dysplasia: float,
    fractures: float,
) -> VirtualFilm:
    scene = _scene(view, seed, index, machine, size, frame, pose, meshes, implants, dysplasia, fractures)
    generator = torch.Generator(device).manual_seed(int(np.random.default_rng([seed, index, 2, pose]).integers(2**62)))
    return take(scene, machine, generator, device, truth)


def _scene(
    view: str,
    seed: int,
    index: int,
    machine: Scanner,
    size: int,
    frame: str,
    pose: int,
    meshes: Path | None,
    implants: float,
    dysplasia: float = 0.0,
    fractures: float = 0.0,
) -> Scene:
    patient = draw(np.random.default_rng([seed, index, 0]))
    if np.random.default_rng([seed, index, 5]).random() < fractures:
        patient = replace(patient, prevalent_fracture=True)
    # Of their own, so that nothing else of a film turns on them.
    surgeon, birth = np.random.default_rng([seed, index, 3]), np.random.default_rng([seed, index, 4])
    special = {"surgeon": surgeon} if surgeon.random() < implants else {}
    special |= {"birth": birth} if birth.random() < dysplasia else {}
    rng = np.random.default_rng([seed, index, 1])
    return SCENES[view](patient, rng, machine, size, frame, pose, meshes, **special)


@contextmanager
def _one_thread() -> Iterator[None]:
    """Several threads cut arrays in other places and round the last bit otherwise: a film is made on one. Cores are
    put to use by making several films at once, in processes (`simulation.write`, a data loader's workers)."""
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        with threadpool_limits(1):
            yield
    finally:
        torch.set_num_threads(threads)


def batch(
    view: str,
    seed: int,
    indices: Sequence[int],
    scanner: str = "alpha",
    size: int | None = None,
    device: str = "cpu",
    frame: str = "any",
    truth: bool = True,
    meshes: Path | None = None,
    implants: float = 0.0,
) -> list[VirtualFilm]:
    """Several films of one cohort; each is what `simulate` gives for its index."""
    return [simulate(view, seed, index, scanner, size, device, frame, 0, truth, meshes, implants) for index in indices]
