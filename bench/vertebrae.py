"""The finder of vertebral bodies on real films of the lumbar spine.

    python -m bench.vertebrae [--bundle FOLDER] [--films DIR] [--aspect 1.5] [--out DIR] [--page DIR]

Reads `spine_lateral` of OSTEOLENS_DATA (BUU-LSPINE: eight lateral films without any truth). They were stretched to a
square, on which a body is up to twice as deep as high, which no spine has: square films are made narrower first, to
`--aspect` times as high as wide. Three things can be told: how many bodies are found, how they are graded, and whether
each is found again under the same name when the film is cropped, darker, brighter or askew. Whether they lie on the
bone is for a reader to judge, on the pictures written to --out. Real films stay out of the project. Writes a section of
docs/evidence/spine_vertex.md.
"""

import argparse
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import torch
from PIL import Image

from anatomy.vertebrae import as_region, find_vertebrae
from bench.section import write_section
from core.estimate import Estimate
from core.radiograph import Radiograph
from core.reading import Reading, ViewGuess
from core.refusal import Refused
from core.regions import Regions
from core.settings import ROOT, settings
from core.vertebra import Vertebra
from imaging import read_radiograph
from models import engine, registry
from models.bundle import Node
from present.contact_sheet import Tile, contact_sheet
from present.overlay import png
from present.still import still
from recipes import by_name

RECIPE = "spine_vertex"
TITLE = "Real films: are the bodies found?"
LUMBAR = ("L1", "L2", "L3", "L4", "L5")
CUT = 0.04  # of each side
TURN = 4.0  # degrees
NEAR = 0.5  # of a body's height: closer than that is the same body
Change = Callable[[Radiograph], tuple[Radiograph, Callable[[np.ndarray], np.ndarray]]]


@dataclass(frozen=True, eq=False)
class Trial:
    """One film: its bodies, and those found on it under each change, with their points on the film as it is."""

    name: str
    film: Radiograph
    bodies: list[Vertebra]
    belly_right: bool
    again: dict[str, dict[str, np.ndarray]]


def main() -> None:
    words = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    words.add_argument("--bundle", type=Path, help="folder of the bundle; the recipe's own unless told")
    words.add_argument("--films", type=Path, help="folder of films; OSTEOLENS_DATA/spine_lateral unless told")
    words.add_argument("--aspect", type=float, default=1.5, help="height to width that square films had; 1 leaves them")
    words.add_argument("--out", type=Path, default=ROOT / "runs/vertebrae", help="where the pictures go")
    words.add_argument("--page", type=Path, default=ROOT / "docs/evidence", help="where the page is")
    asked = words.parse_args()
    folder = asked.bundle or registry.find(by_name(RECIPE).bundle or RECIPE, settings().weights)
    bundle = registry.at(folder)
    finders = bundle.ensemble("landmarks").nodes
    if not finders:
        raise SystemExit(f"{bundle.name} {bundle.version} has no finder of vertebrae; train it on films with landmarks")
    source = asked.films or settings().data / "spine_lateral"
    files = sorted(one for one in source.glob("*") if one.is_file()) if source.is_dir() else []
    if not files:
        raise SystemExit(f"found no films in {source}, expected lateral films of the spine; name a folder by --films")
    on = engine.device(settings().device)
    trials = []
    for number, file in enumerate(files, 1):
        try:
            film = read_radiograph(file.read_bytes(), file.name)
        except Refused as fault:
            print(f"film {number}: {fault.refusal.message}")
            continue
        film = unstretched(film, asked.aspect)
        trials.append(tried(f"film {number}", film, finders, on))
        print(f"{number} of {len(files)}: {len(trials[-1].bodies)} bodies")
    if not trials:
        raise SystemExit(f"none of {len(files)} files in {source} could be read")
    show(trials, asked.out)
    made = f"`python -m bench.vertebrae --aspect {asked.aspect:g}` with {bundle.name} {bundle.version}"
    write_section(asked.page / f"{RECIPE}.md", TITLE, lines(trials, len(files), made))
    print(f"wrote {asked.page / f'{RECIPE}.md'}; pictures in {asked.out}")


def tried(name: str, film: Radiograph, finders: Sequence[Node], on: torch.device) -> Trial:
    """A film's bodies as it is, and under every change."""
    bodies, belly_right = find_vertebrae(film, finders, on)
    again = {}
    for change, made in CHANGES.items():
        other, back = made(film)
        found, _ = find_vertebrae(other, finders, on)
        again[change] = {body.level: back(np.array(body.points)) for body in found}
    return Trial(name, film, bodies, belly_right, again)


def unstretched(film: Radiograph, aspect: float) -> Radiograph:
    """A square film made narrower, `aspect` times as high as wide; any other stays as it is.

    Square within a hundredth: reading trims a row that is no film.
    """
    if abs(film.height / film.width - 1) > 0.01 or aspect == 1:
        return film
    size = (round(film.width / aspect), film.height)
    pixels = np.asarray(Image.fromarray(film.pixels).resize(size, Image.Resampling.BOX))
    valid = None if film.valid is None else np.asarray(Image.fromarray(film.valid).resize(size))
    return replace(film, pixels=pixels, valid=valid, spacing_mm=None, spacing_origin="none")


def cropped(film: Radiograph) -> tuple[Radiograph, Callable[[np.ndarray], np.ndarray]]:
    """A film without its outermost edge."""
    down, across = round(film.height * CUT), round(film.width * CUT)
    inner = (slice(down, film.height - down), slice(across, film.width - across))
    valid = None if film.valid is None else np.ascontiguousarray(film.valid[inner])
    smaller = replace(film, pixels=np.ascontiguousarray(film.pixels[inner]), valid=valid)
    return smaller, lambda points: points + np.array([across, down])


def toned(power: float) -> Change:
    """A film with another curve of grey."""
    return lambda film: (replace(film, pixels=film.pixels**power), lambda points: points)


def turned(film: Radiograph) -> tuple[Radiograph, Callable[[np.ndarray], np.ndarray]]:
    """A film a little askew, about its middle."""

    def askew(values: np.ndarray) -> np.ndarray:
        return np.asarray(Image.fromarray(values.astype(np.float32)).rotate(TURN, Image.Resampling.BILINEAR))

    valid = np.ones(film.pixels.shape, bool) if film.valid is None else film.valid
    other = replace(film, pixels=askew(film.pixels), valid=askew(valid) > 0.5)
    middle, angle = np.array([film.width / 2, film.height / 2]), np.deg2rad(TURN)
    upright = np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
    return other, lambda points: (points - middle) @ upright.T + middle


CHANGES: dict[str, Change] = {
    f"cropped by {CUT:.0%}": cropped,
    "darker": toned(1.5),
    "brighter": toned(0.7),
    f"turned by {TURN:g} degrees": turned,
}


def found_again(trial: Trial, change: str) -> tuple[int, int, int]:
    """Bodies found again under their name, in their place under another name, and not at all."""
    same = renamed = lost = 0
    places = {level: points.mean(0) for level, points in trial.again[change].items()}
    for body in trial.bodies:
        own = np.array(body.points)
        tall = float(np.linalg.norm(own[:3] - own[3:], axis=1).mean())
        near = [level for level, at in places.items() if np.linalg.norm(at - own.mean(0)) < NEAR * tall]
        same += body.level in near
        renamed += bool(near) and body.level not in near
        lost += not near
    return same, renamed, lost


def lines(trials: list[Trial], files: int, made: str) -> list[str]:
    """The section as Markdown."""
    bodies = [body for trial in trials for body in trial.bodies]
    lumbar = sum(body.level in LUMBAR for body in bodies)
    rows = []
    for trial in trials:
        grades = ", ".join(f"{body.level} {body.grade}" for body in reversed(trial.bodies) if body.grade) or "none"
        if all(body.grade is None for body in trial.bodies):
            grades = "not graded"
        named = ", ".join(body.level for body in reversed(trial.bodies)) or "none"
        surest = f"{min(body.sure for body in trial.bodies):.2f}" if trial.bodies else ""
        belly = ("right" if trial.belly_right else "left") if trial.bodies else ""
        rows.append(f"| {trial.name} | {named} | {surest} | {belly} | {grades} |")
    stable = []
    for change in CHANGES:
        same, renamed, lost = (sum(one) for one in zip(*(found_again(trial, change) for trial in trials), strict=True))
        stable.append(f"| {change} | {same} | {renamed} | {lost} |")
    return [
        f"Written by {made} on {len(trials)} of {files} real lateral films of the lumbar spine (BUU-LSPINE, CC BY 4.0; "
        "rebuilt from published figures, stretched to a square and made narrower again by one ratio for all, so that "
        "proportions are near those of the films as taken), from which nobody learned. Nobody has marked their "
        "bodies, so no share of right ones can be told; the pictures stay out of the project.",
        "",
        f"{sum(len(trial.bodies) >= 3 for trial in trials)} of {len(trials)} films show three bodies or more to the "
        f"network, from which on they are graded; {lumbar} lumbar bodies were named, where such films show five each "
        f"({5 * len(trials)}), and {len(bodies) - lumbar} thoracic ones.",
        "",
        "| film | bodies found | least sure point | belly on | Genant grades above 0 |",
        "|---|---|---|---|---|",
        *rows,
        "",
        f"The {len(bodies)} bodies when the film is changed a little (the same body: closer than half its height):",
        "",
        "| film | found again | under another name | lost |",
        "|---|---|---|---|",
        *stable,
    ]


def show(trials: list[Trial], out: Path) -> None:
    """A picture a film with what was found, and all on one sheet."""
    out.mkdir(parents=True, exist_ok=True)
    tiles = []
    for trial in trials:
        regions = Regions(tuple(one for one in (as_region(b, trial.film) for b in trial.bodies) if one.mask.any()))
        reading = Reading(
            trial.name,
            "read",
            recipe=RECIPE,
            view=ViewGuess("spine_lateral"),
            estimate=Estimate({}, ()),
            regions=regions,
            radiograph=trial.film,
            vertebrae=tuple(trial.bodies),
        )
        (out / f"{trial.name.replace(' ', '_')}.png").write_bytes(png(still([reading])))
        tiles.append(Tile(trial.film.pixels, {one.name: one.mask for one in regions}, trial.name))
    (out / "sheet.png").write_bytes(png(contact_sheet(tiles, columns=4)))


if __name__ == "__main__":
    main()
