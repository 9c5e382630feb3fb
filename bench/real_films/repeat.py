"""Part 3: the same film shown otherwise. How far densities move, and how often a class turns."""

import io
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np
import numpy.typing as npt
from PIL import Image
from scipy import ndimage

from bench.real_films.answers import asked
from bench.real_films.films import RealFilm
from bench.real_films.hips import answers
from bench.real_films.persons import percent, quantile, share
from core.clinical import Clinical

Grey = npt.NDArray[np.float32]
AS_IT_IS = "as it is"


@dataclass(frozen=True)
class Shown:
    """A film as a picture file, and the edge of its pixels."""

    data: bytes
    pixel_mm: float


def _png(grey: Grey, pixel_mm: float) -> Shown:
    file = io.BytesIO()
    Image.fromarray(np.round(np.clip(grey, 0, 1) * 255).astype(np.uint8)).save(file, "PNG", compress_level=1)
    return Shown(file.getvalue(), pixel_mm)


def _jpeg(grey: Grey, pixel_mm: float, quality: int) -> Shown:
    file = io.BytesIO()
    Image.fromarray(np.round(np.clip(grey, 0, 1) * 255).astype(np.uint8)).save(file, "JPEG", quality=quality)
    return Shown(file.getvalue(), pixel_mm)


def _window(grey: Grey, pixel_mm: float, low: float, high: float) -> Shown:
    return _png((grey - low) / (high - low), pixel_mm)


def _half(grey: Grey, pixel_mm: float) -> Shown:
    small = Image.fromarray(grey).resize((grey.shape[1] // 2, grey.shape[0] // 2), Image.Resampling.BOX)
    return _png(np.asarray(small), pixel_mm * grey.shape[1] / small.width)


def _turned(grey: Grey, pixel_mm: float, degrees: float) -> Shown:
    return _png(ndimage.rotate(grey, degrees, reshape=False, order=1), pixel_mm)


def _cropped(grey: Grey, pixel_mm: float) -> Shown:
    """A tenth less in all, from every side alike."""
    down, across = (round(0.05 * length) for length in grey.shape)
    return _png(grey[down:-down, across:-across], pixel_mm)


def _gamma(grey: Grey, pixel_mm: float, power: float) -> Shown:
    return _png(grey**power, pixel_mm)


def _noisy(grey: Grey, pixel_mm: float) -> Shown:
    return _png(grey + np.random.default_rng(0).normal(0, 0.02, grey.shape).astype(np.float32), pixel_mm)


def _sharpened(grey: Grey, pixel_mm: float) -> Shown:
    return _png(grey + 0.8 * (grey - ndimage.gaussian_filter(grey, 2.0)), pixel_mm)


def _blurred(grey: Grey, pixel_mm: float) -> Shown:
    return _png(ndimage.gaussian_filter(grey, 1.0), pixel_mm)


WAYS: dict[str, Callable[[Grey, float], Shown]] = {
    AS_IT_IS: _png,
    "narrow window, .1 to .9": partial(_window, low=0.1, high=0.9),
    "dark window, .2 to 1": partial(_window, low=0.2, high=1.0),
    "bright window, 0 to .85": partial(_window, low=0.0, high=0.85),
    "wide window, -.2 to 1.1": partial(_window, low=-0.2, high=1.1),
    "JPEG 95": partial(_jpeg, quality=95),
    "JPEG 30": partial(_jpeg, quality=30),
    "half size": _half,
    "turned 2 degrees": partial(_turned, degrees=2.0),
    "turned 5 degrees": partial(_turned, degrees=5.0),
    "turned 10 degrees": partial(_turned, degrees=10.0),
    "cropped by 10 %": _cropped,
    "gamma .7": partial(_gamma, power=0.7),
    "gamma 1.4": partial(_gamma, power=1.4),
    "noise, SD .02": _noisy,
    "sharpened": _sharpened,
    "blurred, 1 pixel": _blurred,
}


def section(films: list[RealFilm], virtual: list[tuple[str, Grey, float]], recipe: str = "hip_bmd") -> list[str]:
    """The page's lines. virtual: name, greys and edge of a pixel of virtual films, to stand beside."""
    real = [(film.name, partial(_grey, film), film.pixel_mm) for film in films]
    made = [(name, partial(np.asarray, grey), pixel) for name, grey, pixel in virtual]
    key: Callable[[Any], str] = lambda item: item[0]  # noqa: E731
    told = [asked(f"repeat_{recipe}", some, key, partial(_all_ways, recipe=recipe)) for some in (real, made)]
    lines = [
        f"`{recipe}` on {len(real)} real and {len(made)} virtual films, each against itself as it is. Change: of total "
        "hip's density, without its sign.",
        "",
        "| shown | real: median change, g/cm2 | real: class turned | virtual: median change | virtual: class turned | "
        "hips of real films lost |",
        "|---|---|---|---|---|---|",
    ]
    for way in WAYS:
        if way != AS_IT_IS:
            (change, turned, lost), (beside, also, _) = (
                _changes(answers_of, [item[0] for item in some], way)
                for answers_of, some in zip(told, (real, made), strict=True)
            )
            lines.append(f"| {way} | {change} | {turned} | {beside} | {also} | {lost} |")
    return lines


def _changes(told: list[Any], names: list[str], way: str) -> tuple[str, str, str]:
    person, change, turned, lost, there = [], [], [], 0, 0
    for name, by_way in zip(names, told, strict=True):
        before, after = (
            {row["side"]: row for row in by_way[one] if row["status"] == "read"} for one in (AS_IT_IS, way)
        )
        there += len(before)
        lost += len(before.keys() - after.keys())
        for side in before.keys() & after.keys():
            person.append(name)
            change.append(abs(after[side]["abmd"]["total_hip"] - before[side]["abmd"]["total_hip"]))
            turned.append(after[side]["label"] != before[side]["label"])
    if not person:
        return "no hip", "", f"{lost} of {there}"
    return quantile(person, change).text(3), percent(share(person, turned)), f"{lost} of {there}"


def _grey(film: RealFilm) -> Grey:
    return np.asarray(Image.open(film.path).convert("L"), np.float32) / np.float32(255)


def _all_ways(item: tuple[str, Callable[[], Grey], float], recipe: str) -> dict[str, Any]:
    _, grey, pixel_mm = item
    pixels = grey()
    shown = {name: way(pixels, pixel_mm) for name, way in WAYS.items()}
    return {name: answers(one.data, recipe, Clinical(), one.pixel_mm) for name, one in shown.items()}
