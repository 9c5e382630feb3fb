"""Part 4: are real hips told to be unlike the virtual ones that the networks learned from?"""

import numpy as np
import numpy.typing as npt

from bench.real_films.behaviour import RECIPES, of_recipe
from bench.real_films.films import RealFilm
from bench.real_films.persons import percent, share

VIRTUAL_SEED = 2600  # persons nobody learned from
VIRTUAL_PX = 1024


def virtual(count: int) -> list[tuple[str, npt.NDArray[np.float32], float]]:
    """Name, greys and edge of a pixel of virtual pelves, alpha's and beta's in turn."""
    import simulation

    made = []
    for index in range(count):
        scanner = ("alpha", "beta")[index % 2]
        film = simulation.simulate("hip_ap", VIRTUAL_SEED, index, scanner, VIRTUAL_PX, frame="pelvis", truth=False)
        made.append((f"{scanner}{index}", film.pixels, film.spacing_mm[0]))
    return made


def section(films: list[RealFilm]) -> list[str]:
    """The page's lines."""
    lines = ["| recipe | real hips read | told to be unlike what was learned from |", "|---|---|---|"]
    for recipe in RECIPES:
        rows = [
            (film.name, row["unlike"])
            for film, told in zip(films, of_recipe(films, recipe), strict=True)
            for row in told
            if row["status"] == "read"
        ]
        if rows:
            said = percent(share([name for name, _ in rows], [unlike for _, unlike in rows]))
            lines.append(f"| `{recipe}` | {len(rows)} | {said} |")
    return lines
