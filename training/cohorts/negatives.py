"""Pictures that are no film of a hip, knee or spine, drawn anew from a seed: pages, shapes, textures, noise, gradients,
slices, chests, and details of two photographs that come with scikit-learn. None is a person's.

They teach the view network what it is not asked for. What tests it are other seeds, other photographs and real films.
"""

from collections.abc import Callable
from functools import cache

import numpy as np
import numpy.typing as npt
from PIL import Image, ImageDraw, ImageFilter, ImageFont
from scipy import ndimage
from sklearn.datasets import load_sample_images

from core.radiograph import Radiograph

Grey = npt.NDArray[np.float32]
WORDS = (
    *("date", "patient", "report", "hospital", "result", "of", "the", "and", "findings", "normal", "left", "right"),
    *("page", "invoice", "total", "amount", "due", "name", "address", "dear", "sir", "please", "find", "table"),
    *("figure", "measured", "value", "number", "city", "street", "form", "signature", "yes", "no"),
)


def draw(random: np.random.Generator, kind: str | None = None) -> Radiograph:
    """One such picture as a film; kind: one of `KINDS`, drawn unless told."""
    kind = kind or str(random.choice(list(KINDS)))
    width, height = (int(value) for value in random.integers(160, 320, 2))
    grey = KINDS[kind](random, height, width)
    if random.random() < 0.3:
        grey = 1 - grey
    return Radiograph(np.clip(grey, 0, 1).astype(np.float32), case_id="")


def noise(random: np.random.Generator, height: int, width: int) -> Grey:
    """Grain of any coarseness, from single pixels to clouds."""
    grain = ndimage.gaussian_filter(random.normal(size=(height, width)), float(random.choice([0, 0, 1, 3, 10, 30])))
    return _stretched(grain)


def gradient(random: np.random.Generator, height: int, width: int) -> Grey:
    """Light that falls off to one side, or from a middle."""
    rows, columns = np.mgrid[:height, :width] / max(height, width)
    if random.random() < 0.5:
        angle = random.uniform(0, 2 * np.pi)
        slope = rows * np.sin(angle) + columns * np.cos(angle)
    else:
        slope = np.hypot(rows - random.random(), columns - random.random())
    slope = (slope - slope.min()) ** random.uniform(0.5, 2)
    return _stretched(slope + random.normal(0, 0.02, slope.shape))


def page(random: np.random.Generator, height: int, width: int) -> Grey:
    """A printed page, or a screen of text, now and then with a box or a rule, a little askew."""
    sheet = Image.new("L", (2 * width, 2 * height), int(random.integers(200, 256)))
    pen, size = ImageDraw.Draw(sheet), int(random.integers(9, 26))
    font, y = ImageFont.load_default(size), int(random.integers(4, 60))
    while y < 2 * height:
        words = " ".join(random.choice(WORDS, int(random.integers(1, 16))))
        pen.text((int(random.integers(6, 50)), y), words, fill=int(random.integers(0, 90)), font=font)
        y += int(size * random.uniform(1.1, 2.2))
        if random.random() < 0.1:
            pen.line((10, y, 2 * width - 10, y), fill=60)
    turned = sheet.rotate(float(random.normal(0, 2)), fillcolor=230).resize((width, height), Image.Resampling.BOX)
    return _of(turned)


def shapes(random: np.random.Generator, height: int, width: int) -> Grey:
    """Discs, boxes, strokes and polygons over one another: drawings, plots, things on a table."""
    sheet = Image.new("L", (width, height), int(random.integers(0, 256)))
    pen = ImageDraw.Draw(sheet)
    for _ in range(int(random.integers(1, 14))):
        corners = random.uniform(-0.1, 1.1, (4, 2)) * (width, height)
        (x0, y0), (x1, y1) = corners.min(0), corners.max(0)
        shade = int(random.integers(0, 256))
        form = int(random.integers(4))
        if form == 0:
            pen.ellipse((x0, y0, x1, y1), fill=shade)
        elif form == 1:
            pen.rectangle((x0, y0, x1, y1), fill=shade)
        elif form == 2:
            pen.line([tuple(corner) for corner in corners], fill=shade, width=int(random.integers(1, 14)))
        else:
            pen.polygon([tuple(corner) for corner in corners], fill=shade)
    return _of(sheet.filter(ImageFilter.GaussianBlur(float(random.choice([0, 1, 3, 8])))))


def texture(random: np.random.Generator, height: int, width: int) -> Grey:
    """Stripes, weaves, boards and rings."""
    rows, columns = np.mgrid[:height, :width].astype(float)
    angle, pitch = random.uniform(0, np.pi), random.uniform(4, 60)
    along = rows * np.sin(angle) + columns * np.cos(angle)
    across = rows * np.cos(angle) - columns * np.sin(angle)
    away = np.hypot(rows - height * random.random(), columns - width * random.random())
    wave = (
        np.sin(along / pitch * 6.3),
        np.sin(along / pitch * 6.3) * np.sin(across / pitch * 6.3),
        np.sign(np.sin(along / pitch * 6.3) * np.sin(across / pitch * 6.3)),
        np.sin(away / pitch * 6.3),
    )[int(random.integers(4))]
    return _stretched(wave + random.normal(0, random.uniform(0, 0.6), wave.shape))


def photograph(random: np.random.Generator, height: int, width: int) -> Grey:
    """A detail of one of two photographs (a palace, a flower), mirrored or not, in one of its colours."""
    whole = photographs()[int(random.integers(len(photographs())))]
    high = int(random.uniform(0.25, 1) * whole.shape[0])
    wide = min(int(high * width / height), whole.shape[1])
    top = int(random.integers(whole.shape[0] - high + 1))
    left = int(random.integers(whole.shape[1] - wide + 1))
    shares = random.dirichlet(np.ones(3))
    detail = (whole[top : top + high, left : left + wide] @ shares)[:, :: int(random.choice([-1, 1]))]
    return _of(Image.fromarray(detail.astype(np.uint8)).resize((width, height), Image.Resampling.BILINEAR))


def slice_(random: np.random.Generator, height: int, width: int) -> Grey:
    """A slice through a trunk or limb as CT shows it: an oval of flesh in air, bone bright, organs and gas in it."""
    sheet = Image.new("L", (width, height), int(random.integers(0, 25)))
    pen = ImageDraw.Draw(sheet)

    def oval(x: float, y: float, rx: float, ry: float, shade: float) -> None:
        pen.ellipse(
            ((x - rx) * width, (y - ry) * height, (x + rx) * width, (y + ry) * height), fill=int(np.clip(shade, 0, 255))
        )

    rx, ry = random.uniform(0.3, 0.48), random.uniform(0.22, 0.42)
    fat, flesh = random.uniform(50, 110), random.uniform(110, 160)
    oval(0.5, 0.5, rx, ry, fat)
    oval(0.5, 0.5, rx * random.uniform(0.75, 0.97), ry * random.uniform(0.75, 0.97), flesh)
    for _ in range(int(random.integers(2, 12))):  # organs, vessels, gas
        angle, far = random.uniform(0, 2 * np.pi), random.uniform(0, 0.7)
        shade = flesh + random.normal(0, 25) if random.random() < 0.75 else 10
        oval(
            0.5 + far * rx * np.cos(angle), 0.5 + far * ry * np.sin(angle),
            random.uniform(0.02, 0.14), random.uniform(0.02, 0.14), shade,
        )  # fmt: skip
    if random.random() < 0.4:  # lungs
        for side in (-1, 1):
            oval(0.5 + side * 0.5 * rx, 0.5, 0.36 * rx, 0.62 * ry, random.uniform(5, 35))
    low = 0.5 + 0.62 * ry
    oval(0.5, low, 0.13 * rx + 0.03, 0.13 * ry + 0.03, random.uniform(190, 255))
    for side in (-1, 1):
        for _ in range(int(random.integers(0, 5))):
            angle = random.uniform(-1.4, 1.4)
            oval(
                0.5 + side * 0.85 * rx * np.cos(angle), 0.5 + 0.85 * ry * np.sin(angle),
                random.uniform(0.01, 0.05), random.uniform(0.01, 0.05), random.uniform(180, 255),
            )  # fmt: skip
    soft = _of(sheet.filter(ImageFilter.GaussianBlur(float(random.uniform(0.5, 2)))))
    return soft + ndimage.gaussian_filter(random.normal(0, 0.06, soft.shape), 0.7).astype(np.float32)


def chest(random: np.random.Generator, height: int, width: int) -> Grey:
    """A chest from in front: two dark lungs, ribs across them, heart and spine between, the belly white below."""
    rows, columns = np.mgrid[:height, :width] / np.array([height, width])[:, None, None]
    middle, top = 0.5 + random.normal(0, 0.03), random.uniform(0.02, 0.15)
    depth = random.uniform(0.62, 0.85)
    film = 0.75 - 0.2 * np.abs(columns - middle)
    for side in (-1, 1):
        x = (columns - middle - side * random.uniform(0.19, 0.24)) / random.uniform(0.14, 0.19)
        y = (rows - (top + depth) / 2) / ((depth - top) / 2)
        inside = 1 / (1 + np.exp(((np.abs(x) ** 2.5 + np.abs(y) ** 2.5) - 1) * 8))
        film = film - random.uniform(0.35, 0.55) * inside
    pitch, bend = random.uniform(0.065, 0.1), random.uniform(0.1, 0.5)
    arc = rows + bend * (columns - middle) ** 2 - 0.4 * np.abs(columns - middle)
    film = film + random.uniform(0.03, 0.09) * (np.sin(2 * np.pi * arc / pitch) > 0.2)
    film = film + 0.25 * np.exp(-(((columns - middle) / 0.06) ** 4))
    heart = ((columns - middle - 0.05) / 0.15) ** 2 + ((rows - depth + 0.16) / 0.16) ** 2
    film = film + 0.3 / (1 + np.exp((heart - 1) * 6))
    film = ndimage.gaussian_filter(film, random.uniform(0.5, 2.5)) + random.normal(0, 0.015, film.shape)
    return _stretched(film)


KINDS: dict[str, Callable[[np.random.Generator, int, int], Grey]] = {
    "noise": noise,
    "gradient": gradient,
    "page": page,
    "shapes": shapes,
    "texture": texture,
    "photograph": photograph,
    "slice": slice_,
    "chest": chest,
}


def shuffled(film: Radiograph, random: np.random.Generator) -> Radiograph:
    """A film cut into nine parts that change places: its greys and textures are all there, its anatomy is not."""
    high, wide = film.height // 3, film.width // 3
    parts = [film.pixels[row * high : (row + 1) * high, column * wide : (column + 1) * wide]
             for row in range(3) for column in range(3)]  # fmt: skip
    order = random.permutation(9)
    rows = [np.concatenate([parts[order[3 * row + column]] for column in range(3)], 1) for row in range(3)]
    return Radiograph(np.concatenate(rows, 0).astype(np.float32), case_id="")


@cache
def photographs() -> tuple[npt.NDArray[np.uint8], ...]:
    return tuple(np.asarray(image, np.uint8) for image in load_sample_images().images)


def _of(sheet: Image.Image) -> Grey:
    return (np.asarray(sheet, np.float32) / 255).astype(np.float32)


def _stretched(values: npt.NDArray[np.floating]) -> Grey:
    low, high = np.quantile(values, (0.001, 0.999))
    return np.asarray(np.clip((values - low) / max(high - low, 1e-6), 0, 1), np.float32)
