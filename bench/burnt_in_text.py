"""How burnt-in text is found by our own former rule, by Tesseract and by a text network; what it paints by mistake.

python -m bench.burnt_in_text [--lines 120] [--plain 120] [--compared 120] [--seed 11] [--minutes 12]

Plants lines on the real films of OSTEOLENS_DATA and asks each finder what it would paint over and what it would hold;
then asks the network about the films as they are. Writes docs/evidence/burnt_in_text.md. Stops in good time, and says
on how many lines and films the figures stand.
"""

import argparse
import shutil
import time
from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
from PIL import Image

from bench.planted_text import LOOKS, PLACES, Planted, planted, real_films
from bench.text_rule import painted_over as painted_by_rule, text_lines as lines_by_rule
from core.settings import ROOT, settings
from evidence.control import wilson
from imaging.person.text import painted_over, text_lines

PAGE = ROOT / "docs/evidence/burnt_in_text.md"
COVERED = 0.95  # share of a line's ink under paint from which on it is gone
TESSERACT_SURE = 60.0  # percent
Mask = np.ndarray
Finder = Callable[[np.ndarray], tuple[Mask, bool]]  # a film float32 [H, W] to what it painted, and whether it holds it


@dataclass(frozen=True)
class Outcome:
    line: Planted
    gone: bool
    held: bool


def by_network(film: np.ndarray) -> tuple[Mask, bool]:
    """One look; a reading looks again at what it painted, which can only find more."""
    lines = text_lines(film)
    kept = painted_over(film.copy(), [line.corners for line in lines if line.certain])
    return ~kept, any(not line.certain for line in lines)


def by_rule(film: np.ndarray) -> tuple[Mask, bool]:
    """The rule of before: strokes in a row. It held nothing."""
    kept = painted_by_rule(film.copy(), lines_by_rule(film))
    return (np.zeros(film.shape, bool) if kept is None else ~kept), False


def by_tesseract(film: np.ndarray) -> tuple[Mask, bool]:
    """Sparse text, the film as it stands and lying on its side: words it is sure of are painted, others hold it."""
    import pytesseract

    grey, painted, held = np.rint(film * 255).astype(np.uint8), np.zeros(film.shape, bool), False
    for turns in (0, 1):
        picture = Image.fromarray(np.rot90(grey, -turns))
        said = pytesseract.image_to_data(picture, config="--psm 11", output_type=pytesseract.Output.DICT)
        turned = np.rot90(painted, -turns)
        for text, sure, left, top, width, height in zip(
            said["text"], said["conf"], said["left"], said["top"], said["width"], said["height"], strict=True
        ):
            if sum(letter.isalnum() for letter in text) < 3:
                continue
            if float(sure) >= TESSERACT_SURE:
                turned[max(0, top - 3) : top + height + 3, max(0, left - 3) : left + width + 3] = True
            elif float(sure) >= TESSERACT_SURE / 2:
                held = True
    return painted, held


def measured(finder: Finder, lines: list[Planted]) -> list[Outcome]:
    outcomes = []
    for line in lines:
        painted, held = finder((line.film / np.float32(255)).astype(np.float32))
        outcomes.append(Outcome(line, bool(painted[line.ink].mean() >= COVERED), held))
    return outcomes


def _share(count: int, of: int) -> str:
    if not of:
        return "none"
    low, high = wilson(count / of, of)
    return f"{count} of {of} ({100 * count / of:.0f} %, {100 * low:.0f} to {100 * high:.0f})"


def _row(name: str, outcomes: list[Outcome], seconds: float | None = None) -> str:
    gone = sum(one.gone for one in outcomes)
    safe = sum(one.gone or one.held for one in outcomes)
    time_cell = "" if seconds is None else f" {seconds:.2f} |"
    return f"| {name} | {_share(gone, len(outcomes))} | {_share(safe, len(outcomes))} |{time_cell}"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--lines", type=int, default=120)
    parser.add_argument("--plain", type=int, default=120)
    parser.add_argument("--compared", type=int, default=120, help="lines that the other two finders are asked about")
    parser.add_argument("--seed", type=int, default=11)
    parser.add_argument("--minutes", type=float, default=12)
    parser.add_argument("--page", type=Path, default=PAGE)
    arguments = parser.parse_args()
    cv2.setNumThreads(1)
    started, rng = time.monotonic(), np.random.default_rng(arguments.seed)
    paths = list(real_films(settings().data))
    order = [paths[place] for place in rng.permutation(len(paths))]
    lines = [line for path in order[: arguments.lines] if (line := planted(_grey(path), rng)) is not None]
    finders: dict[str, Finder] = {"our own former rule": by_rule, "the text network": by_network}
    if shutil.which("tesseract"):
        finders["Tesseract 5, both ways up"] = by_tesseract
    results: dict[str, list[Outcome]] = defaultdict(list)
    cost: dict[str, float] = defaultdict(float)
    for line in lines:
        if time.monotonic() - started > 0.6 * 60 * arguments.minutes:
            break
        for name, finder in finders.items():
            if name != "the text network" and len(results[name]) >= arguments.compared:
                continue
            begun = time.process_time()
            results[name] += measured(finder, [line])
            cost[name] += time.process_time() - begun
    plain: dict[str, tuple[float, bool]] = {}
    for path in order[::-1][: arguments.plain]:
        if time.monotonic() - started > 60 * arguments.minutes:
            break
        painted, held = by_network(_grey(path) / np.float32(255))
        plain[f"{path.parent.name}/{path.name}"] = float(painted.mean()), held
    arguments.page.write_text("\n".join(_page(arguments, results, cost, plain)) + "\n", encoding="utf-8")


def _page(
    arguments: argparse.Namespace, results: dict[str, list[Outcome]], cost: dict[str, float],
    plain: dict[str, tuple[float, bool]],
) -> list[str]:  # fmt: skip
    ours = results["the text network"]
    page = [
        "# Burnt-in text",
        "",
        f"Written by `python -m bench.burnt_in_text --lines {arguments.lines} --plain {arguments.plain} "
        f"--compared {arguments.compared} --seed {arguments.seed} --minutes {arguments.minutes:g}`. "
        "Intervals are 95 %, by Wilson.",
        "",
        f"A line is gone when at least {COVERED:.0%} of its ink lies under paint, and held when the film is kept for a "
        "person to look at. Lines are drawn at random (`bench/planted_text.py`): names, numbers and dates in Latin, "
        "Cyrillic and Chinese letters, 14 to 48 pixels, upright, upside down, running up and down, aslant, on bone, "
        "soft tissue and air of real films, where a person could read them; half of the films compressed as JPEG then.",
        "",
        "| finder | gone | gone or held | seconds a film |",
        "|---|---|---|---|",
    ]
    page += [_row(name, outcomes, cost[name] / max(1, len(outcomes))) for name, outcomes in results.items()]
    page += [
        "",
        "Seconds are of one core, without Tesseract's own process. By kind, for the text network:",
        "",
    ]
    page += ["| lines | gone | gone or held |", "|---|---|---|"]
    kinds = {f"on {place}": [one for one in ours if one.line.place == place] for place in PLACES}
    kinds |= {look: [one for one in ours if one.line.look == look] for look in LOOKS}
    kinds |= {script: [one for one in ours if one.line.script == script] for script in ("Latin", "Cyrillic", "Chinese")}
    kinds["running up or down"] = [one for one in ours if one.line.angle in (90, 270)]
    kinds["aslant"] = [one for one in ours if one.line.angle % 90]
    page += [_row(name, some) for name, some in kinds.items()]
    missed = [one.line for one in ours if not one.gone and not one.held]
    said = [f"{one.script}, {one.look}, {one.size} px, {one.angle} degrees, on {one.place}" for one in missed]
    page += ["", f"Missed: {'; '.join(said) or 'none'}.", "", "## Films as they are", ""]
    painted = {name: share for name, (share, _) in plain.items() if share}
    held = [name for name, (_, hold) in plain.items() if hold]
    page += [
        f"Of {len(plain)} real films without anything planted, {len(painted)} were painted somewhere and "
        f"{_share(len(held), len(plain))} would be held. What stands on the films is not blanked everywhere: patient "
        "numbers between knees, words of lead, a legend in a corner.",
        "",
        "Painted: " + (", ".join(f"{name} ({share:.2%} of it)" for name, share in painted.items()) or "none") + ".",
        "",
        "Held: " + (", ".join(held) or "none") + ".",
    ]
    return page


def _grey(path: Path) -> np.ndarray:
    return np.array(Image.open(path).convert("L"))


if __name__ == "__main__":
    main()
