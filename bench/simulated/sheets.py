"""Contact sheets of virtual films; beside real ones only where nothing is kept."""

from concurrent.futures import ProcessPoolExecutor

import numpy as np
from PIL import Image, ImageOps

import simulation
from bench.simulated.films import Picture, film_of, real_films, with_metal
from core.settings import ROOT

PICTURES = ROOT / "docs/evidence"
RUNS = ROOT / "runs/simulation"


def sheet(films: list[Picture], columns: int = 6, tile: int = 320) -> Image.Image:
    """Films in a grid, each fitted into a square on black, untouched in brightness."""
    rows = -(-len(films) // columns)
    page = Image.new("L", (columns * (tile + 6), rows * (tile + 6)), 40)
    for number, film in enumerate(films):
        image = ImageOps.pad(Image.fromarray((np.clip(film, 0, 1) * 255).astype(np.uint8)), (tile, tile))
        page.paste(image, ((number % columns) * (tile + 6) + 3, (number // columns) * (tile + 6) + 3))
    return page


def sheets(pool: ProcessPoolExecutor) -> str:
    """Twelve virtual films a view; beside twelve real ones only in runs/, which is not kept."""
    lines = ["## Contact sheets", "", "Twelve films of each view, drawn in order, none left out.", ""]
    RUNS.mkdir(parents=True, exist_ok=True)
    for view in simulation.VIEWS:
        films = list(pool.map(film_of, [(view, i, "beta" if i % 4 == 3 else "alpha", 512) for i in range(12)]))
        path = PICTURES / f"simulation_{view}.jpg"
        sheet(films).save(path, quality=85)
        lines += [f"![Twelve virtual films, {view}]({path.name})", ""]
        real = real_films(view)
        if real:
            some = real[:: max(1, len(real) // 12)][:12]
            sheet(films + some).save(RUNS / f"{view}_virtual_above_real.png")
    metal = list(pool.map(with_metal, [(i, "beta" if i % 4 == 3 else "alpha", 512) for i in range(12)]))
    sheet(metal).save(PICTURES / "simulation_implants.jpg", quality=85)
    lines += ["![Twelve virtual hips with implants](simulation_implants.jpg)", ""]
    lines.append("The last of each four is `beta`, the others `alpha`. Implants are asked for with `--implants SHARE`.")
    return "\n".join(lines)
