"""Virtual cohorts as data: which persons teach, which test, and how their films come to disk."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from core.settings import settings
from simulation.uncommon import NONE, Uncommon
from simulation.write import write
from training.data.manifest import Manifest, read_manifest

Tell = Callable[[int, int], None]
# Seeds; persons of one are in no other.
LEARNING, INTERNAL, EXTERNAL, ELSEWHERE, METAL, VIEWS, BROKEN = 1000, 2000, 3000, 4000, 5000, 6000, 8000
TEST_FILMS = 1000
HIP_FILMS = 1800  # that teach the hip recipes
VIEW_PX = 320  # long side of films from which only the view is learned


@dataclass(frozen=True)
class Cohort:
    """Virtual persons and how they are filmed. The same seed gives the same persons."""

    view: str
    scanner: str
    seed: int
    films: int
    size: int = 768
    frame: str = "any"
    uncommon: Uncommon = NONE
    meshes: Path | None = None  # bones that every other person gets

    @property
    def name(self) -> str:
        """Its folder's name."""
        also = (*(() if self.frame == "any" else (self.frame,)), *(() if self.meshes is None else ("meshes",)))
        return "_".join((self.view, *also, self.scanner, str(self.seed)))

    @property
    def shows(self) -> str:
        """Which view its films are, in the names of `recipes.view`."""
        return "hip_lateral" if self.frame == "frog_leg" else self.view


def learning(view: str, films: int, seed: int) -> Cohort:
    """Persons to learn from, all on the internal scanner; where meshes of hips are at hand, half of them have those
    bones."""
    meshes = settings().meshes if view == "hip_ap" else None
    return Cohort(view, "alpha", LEARNING + seed, films, 512 if view == "knee_ap" else 768, meshes=meshes)


def elsewhere(view: str, seed: int) -> tuple[Cohort, ...]:
    """What is no hip, or no knee, for its finder to find nothing on; and hips with metal in them."""
    cohorts = (
        Cohort("knee_ap", "alpha", ELSEWHERE + seed, HIP_FILMS // 10, 512),
        Cohort("spine_lateral", "alpha", ELSEWHERE + seed, HIP_FILMS // 20, 512),
        Cohort("hip_ap", "alpha", METAL + seed, HIP_FILMS // 16, 768, uncommon=Uncommon(implants=1.0)),
    )
    return cohorts if view == "hip_ap" else cohorts[1:]


def broken(films: int, seed: int) -> Cohort:
    """Spines with many fractures, of which people as they come have few: to be learned from, never to calibrate."""
    return Cohort("spine_lateral", "alpha", BROKEN + seed, films, uncommon=Uncommon(fractures=0.8))


def of_views(seed: int) -> tuple[Cohort, ...]:
    """Persons from whom the view is learned: those who teach the hips' finder, and small films of every other view."""
    first = VIEWS + seed
    return (
        learning("hip_ap", HIP_FILMS, seed),
        *elsewhere("hip_ap", seed),
        Cohort("hip_ap", "alpha", first, 80, VIEW_PX, frame="frog_leg"),
        Cohort("knee_ap", "alpha", first, 300, VIEW_PX),
        Cohort("spine_lateral", "alpha", first, 200, VIEW_PX),
        Cohort("spine_lateral", "vfa", first, 40, VIEW_PX),
    )


def views_testing() -> dict[str, tuple[Cohort, ...]]:
    """Persons nobody learns views from, by scanner."""

    def by(scanner: str, seed: int) -> tuple[Cohort, ...]:
        return (
            Cohort("hip_ap", scanner, seed, 27, VIEW_PX, frame="frog_leg"),
            Cohort("knee_ap", scanner, seed, 40, VIEW_PX),
            Cohort("spine_lateral", scanner, seed, 40, VIEW_PX),
        )

    hips = testing("hip_ap", TEST_FILMS)
    return {
        "alpha": (hips["internal"], *by("alpha", VIEWS + 100)),
        "beta": (hips["external"], *by("beta", VIEWS + 200)),
        "vfa": (Cohort("spine_lateral", "vfa", VIEWS + 300, 20, VIEW_PX),),
    }


def testing(view: str, films: int) -> dict[str, Cohort]:
    """Persons nobody learns from, on the internal and on the external scanner."""
    return {
        "internal": Cohort(view, "alpha", INTERNAL, films),
        "external": Cohort(view, "beta", EXTERNAL, films),
    }


def made(cohort: Cohort, root: Path, workers: int, tell: Tell | None = None) -> Manifest:
    """The cohort's manifest under root; films that are there already are not made again."""
    folder = root / cohort.name
    films = write(
        cohort.view,
        cohort.films,
        cohort.seed,
        cohort.scanner,
        folder,
        cohort.size,
        workers,
        frame=cohort.frame,
        meshes=cohort.meshes,
        uncommon=cohort.uncommon,
        projections=False,
    )
    for done in films:
        if tell is not None:
            tell(done, cohort.films)
    return read_manifest(folder / "truth.csv")
