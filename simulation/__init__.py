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
from simulation.patient import draw
from simulation.scene import Scene
from simulation.uncommon import NONE, Uncommon
from simulation.xray.film import VirtualFilm, bone_projections, take
from simulation.xray.scanner import SCANNERS, Scanner, scanner_named

SCENES = {"hip_ap": hip.scene, "knee_ap": knee.scene, "spine_lateral": spine.scene}
VIEWS = tuple(SCENES)
FRAMES = {
    "hip_ap": ("any", "pelvis", "hip", "frog_leg"),
    "knee_ap": ("any", "both", "single"),
    "spine_lateral": ("any",),
}
SIZE = 1024  # long side in pixels, unless told

__all__ = ["SCANNERS", "VIEWS", "Uncommon", "VirtualFilm", "batch", "projections", "simulate"]


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
    uncommon: Uncommon = NONE,
    dose: float = 1.0,
) -> VirtualFilm:
    """Film number `index` of the cohort `seed`: the same for ever on one kind of device, whatever else is made.

    size: long side in pixels. frame: for hip_ap `pelvis` or `hip`, for knee_ap `both` or `single`; `any` draws one.
    `frog_leg` is never drawn: a hip from the side, for what must know that it is none from in front.
    pose: another number poses and exposes the same person anew (repeatability). truth: False leaves out masks,
    landmarks and projections; the rows stay. meshes: a folder of bone meshes that every other person gets instead of
    the built-in hips (`simulation.mesh`). uncommon: shares of the people who have what few have
    (`simulation.uncommon`). dose: factor on the quanta that reach the detector.
    """
    size = SIZE if size is None else size
    machine = check(view, scanner, size, frame, meshes, uncommon)
    if not 0 < dose <= 100:
        raise ValueError(f"a dose of {dose:g} times the scanner's was asked for, expected above 0 and at most 100")
    machine = replace(machine, fluence=machine.fluence * dose)
    with _one_thread():
        scene = _scene(view, seed, index, machine, size, frame, pose, meshes, uncommon)
        drawn = np.random.default_rng([seed, index, 2, pose]).integers(2**62)
        return take(scene, machine, torch.Generator(device).manual_seed(int(drawn)), device, truth)


def projections(
    view: str,
    seed: int,
    index: int,
    scanner: str = "alpha",
    size: int | None = None,
    frame: str = "any",
    pose: int = 0,
    meshes: Path | None = None,
    uncommon: Uncommon = NONE,
) -> dict[str, npt.NDArray[np.float32]]:
    """The projections [H, W] in g/cm2 of the film that `simulate` makes of the same values, in half of its time."""
    size = SIZE if size is None else size
    machine = check(view, scanner, size, frame, meshes, uncommon)
    with _one_thread():
        scene = _scene(view, seed, index, machine, size, frame, pose, meshes, uncommon)
        return {name: mineral.numpy() for name, mineral in bone_projections(scene).items()}


def check(
    view: str,
    scanner: str,
    size: int,
    frame: str = "any",
    meshes: Path | None = None,
    uncommon: Uncommon = NONE,
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
    uncommon.check(view)
    return scanner_named(scanner)


def _scene(
    view: str,
    seed: int,
    index: int,
    machine: Scanner,
    size: int,
    frame: str,
    pose: int,
    meshes: Path | None,
    uncommon: Uncommon,
) -> Scene:
    patient, special = uncommon.drawn(draw(np.random.default_rng([seed, index, 0])), seed, index)
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
    uncommon: Uncommon = NONE,
) -> list[VirtualFilm]:
    """Several films of one cohort; each is what `simulate` gives for its index."""
    return [simulate(view, seed, index, scanner, size, device, frame, 0, truth, meshes, uncommon) for index in indices]
