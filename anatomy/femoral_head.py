"""The outline of a femoral head: the circle near a first guess that meets most of its edge."""

import numpy as np
import numpy.typing as npt
from scipy import ndimage

from core.radiograph import Radiograph
from imaging.crop import Box, cut

SEEN_PX = 128  # the square around the guess is looked at in this size
SEEN = 1.36  # its side, in lengths from head to lesser trochanter (78 mm): 0.83 mm a pixel in an adult
RADII = np.linspace(0.24, 0.39, 13)  # of a head, in such lengths: 19 to 30 mm
JOINT_SPACE = 0.03  # in such lengths (2.3 mm): how far outside the head its socket's roof begins, which is bright again
WANDER = 0.26  # in such lengths (20 mm): how far from the guess a centre may lie
TIE = 0.5  # by how much a centre at the end of that is behind, in shares of a whole edge
DIRECTIONS = 64
SMOOTH_PX, AROUND_PX = 1.5, 10  # an edge's own width; within this its steepness is held against its neighbours' greys
SHARP = 0.02  # votes by which a neighbouring centre counts a third as much
FLAT = 0.02  # a scatter of greys below which nothing is an edge

Values = npt.NDArray[np.float64]


def head_centre(film: Radiograph, guess: tuple[float, float], length: float) -> tuple[float, float]:
    """The middle (x, y) of the head's outline, in pixels of the film.

    A landmark network marks the brightest disc, which in front of a socket's walls is not the head's own. Circles near
    its guess vote instead: by how much of an edge, bright inside, lies on them (Hough's transform, after Duda and Hart,
    CACM 1972), and by how much of the socket's roof begins above it, a joint space farther out. length: from the head's
    centre to the lesser trochanter, in the film's pixels.
    """
    around = Box(guess, SEEN * length)
    seen = cut(film, around, SEEN_PX)
    unit = SEEN_PX / SEEN  # pixels of the square a length
    row, column = _best(_edges(np.asarray(seen.pixels, float)), unit)
    off = (np.array([column, row]) + 0.5 - SEEN_PX / 2) * around.side / SEEN_PX
    return guess[0] + float(off[0]), guess[1] + float(off[1])


def _edges(grey: Values) -> Values:
    """How steeply greys [N, N] fall to the right and downwards, [2, N, N], in shares of the scatter around a place."""
    smooth = ndimage.gaussian_filter(grey, SMOOTH_PX)
    mean = ndimage.gaussian_filter(smooth, AROUND_PX)
    scatter = np.sqrt(np.maximum(ndimage.gaussian_filter((smooth - mean) ** 2, AROUND_PX), 0)) + FLAT
    down, right = np.gradient(smooth)
    return -np.stack([right, down]) * 2 * SMOOTH_PX / scatter


def _best(falls: Values, unit: float) -> tuple[float, float]:
    """The centre (row, column) with the most votes, to a fraction of a pixel."""
    reach, middle = round(WANDER * unit), falls.shape[1] // 2
    offs = np.arange(-reach, reach + 1)
    angles = np.arange(DIRECTIONS) * 2 * np.pi / DIRECTIONS
    outward = [np.tanh(falls[0] * np.cos(angle) + falls[1] * np.sin(angle)) for angle in angles]

    def along(one: Values, angle: float, radius: float) -> Values:
        """A map at a radius from every centre, in one direction."""
        x, y = (round(float(value)) for value in (radius * np.cos(angle), radius * np.sin(angle)))
        rows, columns = middle + y + offs, middle + x + offs
        return one[np.ix_(np.clip(rows, 0, len(one) - 1), np.clip(columns, 0, len(one) - 1))]

    upwards = np.clip(-np.sin(angles), 0, None)
    far = (offs[:, None] ** 2 + offs[None] ** 2) / reach**2
    votes = []
    for radius in RADII * unit:
        head = np.mean([along(one, angle, radius) for one, angle in zip(outward, angles, strict=True)], axis=0)
        beyond = radius + JOINT_SPACE * unit
        roof = [-along(one, angle, beyond) for one, angle in zip(outward, angles, strict=True)]
        votes.append(head + np.average(roof, axis=0, weights=upwards) - TIE * far)
    table = np.array(votes)
    best = np.unravel_index(int(table.argmax()), table.shape)
    lead = table.max(0) - table.max()
    share = np.exp(lead / SHARP) * (np.hypot(offs[:, None] - offs[best[1]], offs[None] - offs[best[2]]) <= 3)
    share /= share.sum()
    return middle + float(share.sum(1) @ offs), middle + float(share.sum(0) @ offs)
