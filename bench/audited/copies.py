"""Copies planted among virtual and real films: how many the audit finds, and how many pairs it names wrongly."""

import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final

import cv2
import numpy as np

import learning
from audit.copies import Pair
from audit.kept import Kept
from audit.rows import source_of
from audit.run import audited
from core.settings import settings
from evidence.control import wilson

Grey = Any  # uint8 [H, W]; OpenCV's stubs know less
SEED: Final = 20
VIEWS: Final = ("hip_ap", "knee_ap", "spine_lateral")
REAL: Final = ("pelvis_ap", "wrong_site")


def _cropped(film: Grey) -> Grey:
    rows, columns = (round(0.15 * side) for side in film.shape)
    return film[rows:-rows, columns:-columns]


def _quarter(film: Grey) -> Grey:
    return film[: film.shape[0] * 6 // 10, : film.shape[1] * 6 // 10]


def _resaved(film: Grey, quality: int = 40) -> Grey:
    return cv2.imdecode(cv2.imencode(".jpg", film, [cv2.IMWRITE_JPEG_QUALITY, quality])[1], cv2.IMREAD_GRAYSCALE)


def _smaller(film: Grey, share: float = 0.5) -> Grey:
    return cv2.resize(film, None, fx=share, fy=share, interpolation=cv2.INTER_AREA)


def _turned(film: Grey) -> Grey:
    height, width = film.shape
    return cv2.warpAffine(film, cv2.getRotationMatrix2D((width / 2, height / 2), 5, 1.0), (width, height))


PLANTED: Final[dict[str, Callable[[Grey], Grey]]] = {
    "resaved as JPEG, quality 40": _resaved,
    "half the size": _smaller,
    "cropped to half its area": _cropped,
    "a corner of 36 % of its area": _quarter,
    "mirrored": lambda film: np.ascontiguousarray(film[:, ::-1]),
    "other contrast (gamma 0.5)": lambda film: np.rint(255 * (film / 255.0) ** 0.5).astype(np.uint8),
    "inverted": lambda film: 255 - film,
    "turned by 5 degrees": _turned,
    "with a white frame": lambda film: cv2.copyMakeBorder(film, 60, 60, 40, 90, cv2.BORDER_CONSTANT, value=(255,)),
    "mirrored, cropped, half the size, JPEG": lambda film: _resaved(_smaller(_cropped(film[:, ::-1])), 60),
}


def section(folder: Path, films: int) -> list[str]:
    """Lines of Markdown; real films are left out where they are not at hand."""
    lines = [
        "Each change is done to films drawn at random; all stand in one folder with those they were made from and with "
        "strangers. A copy is found when the audit puts it into one group with its film; a pair is wrong when it names "
        "two films that are no copies."
    ]
    for title, films_of in (("virtual films", _virtual(folder, films)), ("real films", _real())):
        if films_of:
            lines += ["", f"**{title.capitalize()}**: {_table(folder / title.split()[0], films_of)}"]
    return lines


def _virtual(folder: Path, count: int) -> list[Path]:
    found = []
    for view in VIEWS:
        out = folder / view
        for _ in learning.simulate(view, count, SEED, "alpha", out, size=768):
            pass
        found += sorted((out / "films").glob("*.dcm"))
    return found


def _real() -> list[Path]:
    data = settings().data
    return sorted(file for name in REAL for file in (data / name).rglob("*") if file.suffix.lower() in (".jpg", ".png"))


def _table(folder: Path, films: list[Path]) -> str:
    from imaging import read_radiograph

    shutil.rmtree(folder, ignore_errors=True)
    (folder / "films").mkdir(parents=True)
    random = np.random.default_rng(SEED)
    each = max(4, len(films) // 6)
    of: dict[str, tuple[str, str]] = {}
    for number, path in enumerate(films):
        film = np.rint(read_radiograph(path.read_bytes(), path.name, look_for_text=False).pixels * 255)
        cv2.imwrite(str(folder / f"films/{number:04d}.png"), film.astype(np.uint8))
    for kind, (change, word) in enumerate(zip(PLANTED.values(), PLANTED, strict=True)):
        for number in random.permutation(len(films))[:each]:
            name = f"{number:04d}_{kind}.png"
            whole = cv2.imread(str(folder / f"films/{number:04d}.png"), cv2.IMREAD_GRAYSCALE)
            cv2.imwrite(str(folder / "films" / name), change(whole))
            of[name] = (f"{number:04d}.png", word)
    found, _ = audited(source_of(folder / "films"), Kept(folder / "kept.sqlite"), 1, lambda *_: None)
    names = [row.name for row in found.rows]
    group = dict(zip(names, found.group, strict=True))
    right = [_origin(names[pair.first]) == _origin(names[pair.second]) for pair in found.pairs]
    lines = [
        f"{len(films)} films and {len(of)} copies of them, {len(found.problems)} refused. "
        f"Precision {_share(sum(right), len(right))} of the pairs that were named.",
        "",
        "| copy | found |",
        "|---|---|",
    ]
    hits = {name: name in group and group[name] == group.get(first) for name, (first, _) in of.items()}
    for word in PLANTED:
        some = [hit for name, hit in hits.items() if of[name][1] == word]
        lines.append(f"| {word} | {_share(sum(some), len(some))} |")
    lines.append(f"| all | {_share(sum(hits.values()), len(hits))} |")
    wrong = [_described(names, pair) for pair, good in zip(found.pairs, right, strict=True) if not good]
    if wrong:
        lines += ["", f"Pairs named wrongly: {'; '.join(wrong[:6])}."]
    return "\n".join(lines)


def _origin(name: str) -> str:
    return name.removesuffix(".png").split("_")[0]


def _described(names: list[str], pair: Pair) -> str:
    return f"{names[pair.first]} and {names[pair.second]} (correlation {pair.correlation:.2f})"


def _share(count: int, of: int) -> str:
    if not of:
        return "none asked"
    low, high = wilson(count / of, of)
    return f"{count} of {of} ({100 * count / of:.1f} %, {100 * low:.1f} to {100 * high:.1f})"
