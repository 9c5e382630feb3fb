"""A vendor's processing: logarithm, multi-scale contrast, edge enhancement, LUT. Bone comes out bright."""

import torch
from torch import Tensor
from torch.nn import functional

from simulation.xray.detector import gaussian_blur, resized
from simulation.xray.scanner import Processing

COARSEST_MM = 50.0  # what is larger than this is brightness, not detail


def processed(signal: Tensor, field: Tensor, body: Tensor, pitch_mm: float, look: Processing) -> Tensor:
    """Signal [H, W] -> display values 0..1, bone bright.

    field: inside the collimator; body: where the patient is (both [H, W], 0..1): the LUT is set on the body inside
    the field, as vendors' histogram analysis does.
    """
    density = -torch.log(signal.clamp(min=1e-6))
    inside = (field > 0.5) & (body > 0.5)
    if not bool(inside.any()):
        inside = field > 0.5
    density = torch.where(field > 0.5, density, density[inside].mean())
    spread = _percentiles(density, inside, (0.10, 0.90))
    scale = max(spread[1] - spread[0], 0.05)

    # Where the patient ends, the step to air would throw a white shore around him once detail is lifted: as far as the
    # program asks, what is thinner than most of the body is levelled first. It fades to black at the end all the same.
    coarse = density
    if look.levelled > 0:
        shore = spread[0] + 0.22 * scale
        coarse = torch.where(density < shore, shore + (density - shore) * (1 - look.levelled), density)
    levels, gains = [], []
    scale_mm = 1.5 * pitch_mm  # size of what the finest level holds
    while scale_mm < COARSEST_MM and min(coarse.shape) > 2:
        smaller = functional.avg_pool2d(
            functional.pad(coarse[None, None], (0, coarse.shape[1] % 2, 0, coarse.shape[0] % 2), mode="replicate"), 2
        )[0, 0]
        smooth = resized(smaller, (coarse.shape[0], coarse.shape[1]))
        levels.append(coarse - smooth)
        gains.append(look.gain(scale_mm))
        coarse, scale_mm = smaller, scale_mm * 2
    middle = coarse.mean()
    image = middle + (coarse - middle) * look.base
    knee = 0.12 * scale
    for detail, gain in zip(reversed(levels), reversed(gains), strict=True):
        size = detail.abs() / knee
        lifted = torch.where(
            size > 0.05, (size + 1e-6).pow(look.compression - 1), torch.tensor(0.05).pow(look.compression - 1)
        )
        image = resized(image, (detail.shape[0], detail.shape[1])) + detail * gain * lifted.clamp(max=1.6)
    if look.edge > 0:
        image = image + look.edge * (image - gaussian_blur(image, 0.6 / pitch_mm))

    # The LUT: soft tissue at a dark grey, bone from there to nearly white, thin parts fade to black.
    soft, high = _percentiles(image, inside, (0.30, 0.994))
    level = look.soft + (image - soft) * ((0.93 - look.soft) / max(high - soft, 1e-3))
    toe = 0.75 * look.soft
    curved = torch.where(level < toe, toe * torch.exp((level - toe) / toe), level)
    top = 0.80
    curved = torch.where(curved > top, top + (1 - top) * torch.tanh((curved - top) / (1 - top) * look.shoulder), curved)
    bare = ((density - 0.05) / 0.55).clamp(0, 1)  # rays that met next to nothing are black
    return curved.clamp(0, 1).pow(look.gamma) * bare * bare * (3 - 2 * bare)


def _percentiles(image: Tensor, where: Tensor, shares: tuple[float, float]) -> tuple[float, float]:
    values = image[where]
    values = values[:: max(1, values.numel() // 60_000)].sort().values
    low, high = (float(values[int(share * (len(values) - 1))]) for share in shares)
    return low, high
