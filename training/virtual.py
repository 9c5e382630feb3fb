"""Virtual cohorts as data: which persons teach, which test, and how their films come to disk."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from simulation.write import write
from training.manifest import Manifest, read_manifest

Tell = Callable[[int, int], None]
LEARNING, INTERNAL, EXTERNAL, ELSEWHERE, METAL = 1000, 2000, 3000, 4000, 5000  # seeds; persons of one are in no other
TEST_FILMS = 1000


@dataclass(frozen=True)
class Cohort:
    """Virtual persons and how they are filmed. The same seed gives the same persons."""

    view: str
    scanner: str
    seed: int
    films: int
    size: int = 768
    implants: float = 0.0

    @property
    def name(self) -> str:
        """Its folder's name."""
        return f"{self.view}_{self.scanner}_{self.seed}"


def learning(view: str, films: int, seed: int) -> Cohort:
    """Persons to learn from, all on the internal scanner."""
    return Cohort(view, "alpha", LEARNING + seed, films)


def elsewhere(films: int, seed: int) -> tuple[Cohort, ...]:
    """What is no hip: knees and spines, for the finder to find nothing on; and hips with metal in them."""
    return (
        Cohort("knee_ap", "alpha", ELSEWHERE + seed, films // 10, 512),
        Cohort("spine_lateral", "alpha", ELSEWHERE + seed, films // 20, 512),
        Cohort("hip_ap", "alpha", METAL + seed, films // 16, 768, implants=1.0),
    )


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
        implants=cohort.implants,
        projections=False,
    )
    for done in films:
        if tell is not None:
            tell(done, cohort.films)
    return read_manifest(folder / "truth.csv")
