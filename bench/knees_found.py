"""Where the finder finds knees on real films, against joints that a person marked by looking at each film.

    python -m bench.knees_found [--finder FOLDER] [--sheets FOLDER]

bench/knees_seen.csv holds what was seen on the 167 films of knee_qus: a row a knee, with its side on the picture, the
middle of its joint line and the edge of the square around it, in pixels; no picture. A knee is found rightly where a
square of its side has its middle within a fifth of that edge and an edge between three quarters and four thirds of it;
a film, where all its knees are found so and nothing else is. Beside them what is no knee from in front. Writes
docs/evidence/knee_finder.md, and a contact sheet of squares without the films. Real films stay out of the project:
pictures of them go to the folder of --sheets.
"""

import argparse
import csv
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from PIL import Image, ImageDraw, ImageFont
from scipy.stats import binomtest
from tqdm import tqdm

from anatomy.find import find_limbs
from anatomy.limb import Limb
from bench.section import write_section
from core.radiograph import Radiograph
from core.refusal import Refused
from core.settings import ROOT, settings
from evidence.copies import find_copies, groups, sketch
from imaging import read_radiograph
from models import registry
from models.bundle import Node
from recipes.knee_finder import FINDER

PAGE = ROOT / "docs/evidence/knee_finder.md"
SHEET = PAGE.with_name("knee_finder_squares.png")
SEEN = ROOT / "bench/knees_seen.csv"
NEAR = 0.2  # of the square's edge
LARGEST = 4 / 3  # of one edge to the other
ELSEWHERE = {
    "hips, from in front and from the side": ("hip_inverted", "*.png"),
    "spines from the side": ("spine_lateral", "*"),
    "chests and spines from in front (wrong_site)": ("wrong_site", "**/*.*"),
}
TILE, COLUMNS, ROWS = 460, 4, 3
SMALL, ACROSS = 84, 14  # tiles of the contact sheet
SIDE_COLOURS = {"R": "#0072b2", "L": "#d55e00"}


@dataclass(frozen=True)
class Seen:
    """A knee as a person marked it: side on the picture, middle of the joint line (x, y) and edge of its square, px."""

    side: str
    x: float
    y: float
    edge: float

    def is_at(self, limb: Limb) -> bool:
        """Whether the finder's limb is this knee."""
        (x, y), edge = limb.box.centre_xy, limb.box.side
        near = np.hypot(x - self.x, y - self.y) <= NEAR * self.edge
        return bool(limb.side == self.side and near and 1 / LARGEST <= edge / self.edge <= LARGEST)


@dataclass(frozen=True)
class Judged:
    """How many knees a film shows, how many of them were found rightly, and how many squares lie on none."""

    film: str
    there: int
    right: int
    wrong: int

    @property
    def whole(self) -> bool:
        return self.right == self.there and not self.wrong


def judge(film: str, seen: Sequence[Seen], found: Sequence[Limb]) -> Judged:
    right = sum(any(one.is_at(limb) for limb in found) for one in seen)
    wrong = sum(not any(one.is_at(limb) for one in seen) for limb in found)
    return Judged(film, len(seen), right, wrong)


def seen_by_film(table: Path = SEEN) -> dict[str, list[Seen]]:
    """What a person saw; a row without a side is a film on which no knee is to be found."""
    films: dict[str, list[Seen]] = defaultdict(list)
    with table.open(newline="", encoding="utf-8") as file:
        for row in csv.DictReader(file):
            films[row["film"]] += (
                [Seen(row["side"], float(row["x"]), float(row["y"]), float(row["edge"]))] if row["side"] else []
            )
    return films


def films_of(folder: Path, pattern: str) -> Iterable[tuple[str, Radiograph]]:
    """The films of a folder that can be read, by name."""
    for path in sorted(folder.glob(pattern)):
        try:
            yield path.name, read_radiograph(path.read_bytes(), path.name)
        except Refused:
            continue


def share(right: int, of: int) -> str:
    """A count with Wilson's 95 % interval."""
    low, high = binomtest(right, of).proportion_ci(method="wilson")
    return f"{right} of {of}, {right / of:.1%} ({low:.1%} to {high:.1%})"


def marked(name: str, film: Radiograph, found: Sequence[Limb], said: str) -> Image.Image:
    """A film with the finder's squares and landmarks, to be looked at."""
    picture = Image.fromarray((film.pixels * 255).astype(np.uint8)).convert("RGB")
    picture.thumbnail((TILE, TILE - 18))
    ratio = picture.width / film.width
    pen = ImageDraw.Draw(picture)
    for limb in found:
        colour = "#56b4e9" if limb.side == "R" else "#e69f00"
        left, top = (value * ratio for value in limb.box.corner)
        pen.rectangle((left, top, left + limb.box.side * ratio, top + limb.box.side * ratio), outline=colour, width=2)
        pen.text((left + 4, max(top, 0) + 2), f"{limb.side} {limb.sure:.2f}", fill=colour)
        for x, y in limb.points.values():
            pen.ellipse((x * ratio - 2, y * ratio - 2, x * ratio + 2, y * ratio + 2), fill="#ff4040")
    tile = Image.new("RGB", (TILE, TILE), "#202020")
    tile.paste(picture, (0, 18))
    ImageDraw.Draw(tile).text((3, 2), f"{name}  {said}", fill="white", font=ImageFont.load_default(13))
    return tile


def squares(film: Radiograph, seen: Sequence[Seen], found: Sequence[Limb], whole: bool) -> Image.Image:
    """A film's frame with the squares that a person marked, in grey, and those found; no pixel of the film."""
    ratio = (SMALL - 6) / max(film.height, film.width)
    tile = Image.new("RGB", (SMALL, SMALL), "white" if whole else "#ffd9d9")
    pen = ImageDraw.Draw(tile)
    pen.rectangle((2, 2, 2 + film.width * ratio, 2 + film.height * ratio), outline="#999999")

    def square(middle: tuple[float, float], edge: float, width: int, colour: str) -> None:
        corners = [2 + (value + way * edge / 2) * ratio for way in (-1, 1) for value in middle]
        pen.rectangle(corners, outline=colour, width=width)

    for one in seen:
        square((one.x, one.y), one.edge, 3, "#bbbbbb")
    for limb in found:
        square(limb.box.centre_xy, limb.box.side, 1, SIDE_COLOURS[limb.side])
    return tile


def main() -> None:
    words = argparse.ArgumentParser(description=__doc__)
    words.add_argument("--finder", type=Path, help="a bundle's folder, instead of the one that ships")
    words.add_argument("--sheets", type=Path, metavar="FOLDER", help="where pictures of real films may go")
    words.add_argument("--found", type=Path, metavar="CSV", help="write what was found, to be corrected by looking")
    asked = words.parse_args()
    folder = asked.finder or registry.find(FINDER, settings().weights)
    (finder,) = registry.at(folder).networks.values()
    torch.set_num_threads(1)
    judged, tiles, frames, sketches, rows = [], [], [], [], []
    seen = seen_by_film() if SEEN.exists() else {}
    films = list(films_of(settings().data / "knee_qus/images", "*"))
    for name, film in tqdm(films, desc="knees", unit="film"):
        found = _found(film, finder)
        judged.append(judge(name, seen.get(name, ()), found))
        one = judged[-1]
        frames.append(squares(film, seen.get(name, ()), found, one.whole))
        sketches.append(sketch(film.pixels))
        rows += [[name, limb.side, *(round(v) for v in (*limb.box.centre_xy, limb.box.side))] for limb in found]
        rows += [] if found else [[name, "", "", "", ""]]
        if asked.sheets:
            said = "" if not seen else "" if one.whole else f"{one.right} of {one.there} right, {one.wrong} wrong"
            tiles.append(marked(name, film, found, said))
    if asked.found:
        with asked.found.open("w", newline="", encoding="utf-8") as file:
            csv.writer(file).writerows([["film", "side", "x", "y", "edge"], *rows])
    if asked.sheets:
        _sheets(tiles, asked.sheets)
    if not seen:
        return
    config = registry.at(folder)
    name = f"{config.name}@{config.version}"
    if not PAGE.exists():
        PAGE.write_text("# Where knees are found\n\nWritten by `python -m bench.knees_found`.\n")
    _grid(frames, ACROSS, SMALL, "white").quantize(16).save(SHEET)
    write_section(PAGE, f"Real films, {name}", _lines(judged, groups(len(films), find_copies(sketches))))
    write_section(PAGE, f"What is no knee from in front, {name}", _elsewhere(finder))


def _found(film: Radiograph, finder: Node) -> list[Limb]:
    return find_limbs(film, finder, torch.device("cpu"))


def _lines(judged: Sequence[Judged], group: Sequence[int]) -> list[str]:
    knees, right = sum(one.there for one in judged), sum(one.right for one in judged)
    by_group: dict[int, list[bool]] = defaultdict(list)
    for one, number in zip(judged, group, strict=True):
        by_group[number].append(one.whole)
    lines = [
        f"{len(judged)} films of `knee_qus`, {len(by_group)} of them distinct, with {knees} knees that a person marked "
        "by looking at each film (`bench/knees_seen.csv`).",
        "",
        "| of | found rightly (95 % interval, Wilson) |",
        "|---|---|",
        f"| knees | {share(right, knees)} |",
        f"| films, every knee and nothing else | {share(sum(one.whole for one in judged), len(judged))} |",
        f"| distinct films, every copy so | {share(sum(map(all, by_group.values())), len(by_group))} |",
        "",
        f"Squares that lie on no knee, on the wrong side or askew: {sum(one.wrong for one in judged)}.",
        "",
        "No network learned from these films, but how odd a shape may be, and where on a film to look, was settled "
        "with them at hand: expect somewhat less from another hospital's.",
        "",
        f"![Each film's frame: squares marked by a person in grey, found ones in blue (right) and orange (left); films "
        f"that are not wholly right on red]({SHEET.name})",
    ]
    failed = [one for one in judged if not one.whole]
    if failed:
        lines += ["", "| film | knees | right | wrong squares |", "|---|---|---|---|"]
        lines += [f"| {one.film} | {one.there} | {one.right} | {one.wrong} |" for one in failed]
    return lines


def _elsewhere(finder: Node) -> list[str]:
    lines = ["| films | read | with a knee found |", "|---|---|---|"]
    for name, (folder, pattern) in ELSEWHERE.items():
        found = [bool(_found(film, finder)) for _, film in films_of(settings().data / folder, pattern)]
        lines.append(f"| {name} | {len(found)} | {sum(found)} |")
    return lines


def _sheets(tiles: Sequence[Image.Image], folder: Path) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    for first in range(0, len(tiles), COLUMNS * ROWS):
        sheet = _grid(tiles[first : first + COLUMNS * ROWS], COLUMNS, TILE, "black")
        sheet.save(folder / f"{first // (COLUMNS * ROWS):02d}.png")


def _grid(tiles: Sequence[Image.Image], columns: int, edge: int, ground: str) -> Image.Image:
    sheet = Image.new("RGB", (columns * edge, -(-len(tiles) // columns) * edge), ground)
    for place, tile in enumerate(tiles):
        sheet.paste(tile, (place % columns * edge, place // columns * edge))
    return sheet


if __name__ == "__main__":
    main()
