"""From attenuation to what the detector reads: primary, scatter, blur, quanta, read noise."""

import math

import torch
from torch import Tensor
from torch.nn import functional

from simulation.xray.scanner import Scanner


def gaussian_blur(image: Tensor, sigma_px: float) -> Tensor:
    """Separable Gaussian blur of an image [H, W], edges repeated; wide blurs run on a coarser image."""
    if sigma_px < 0.15:
        return image
    factor = int(sigma_px // 4)
    if factor >= 2:
        small = resized(image, (max(2, image.shape[0] // factor), max(2, image.shape[1] // factor)))
        return resized(gaussian_blur(small, sigma_px / factor), (image.shape[0], image.shape[1]))
    reach = min(max(1, math.ceil(3 * sigma_px)), min(image.shape) - 1)
    at = torch.arange(-reach, reach + 1, device=image.device, dtype=image.dtype)
    kernel = torch.exp(-0.5 * (at / sigma_px) ** 2)
    kernel = kernel / kernel.sum()
    padded = functional.pad(image[None, None], (reach, reach, reach, reach), mode="replicate")
    across = functional.conv2d(padded, kernel.view(1, 1, 1, -1))
    return functional.conv2d(across, kernel.view(1, 1, -1, 1))[0, 0]


def resized(image: Tensor, shape: tuple[int, int]) -> Tensor:
    """Image [H, W] at another size: averaged when made smaller, bilinear when made larger."""
    if image.shape == shape:
        return image
    mode = "area" if shape[0] <= image.shape[0] and shape[1] <= image.shape[1] else "bilinear"
    extra = {} if mode == "area" else {"align_corners": False}
    return functional.interpolate(image[None, None], shape, mode=mode, **extra)[0, 0]


def expose(
    attenuation: Tensor,
    thickness_mm: Tensor,
    pitch_mm: float,
    magnification: float,
    scanner: Scanner,
    generator: torch.Generator,
    field: Tensor,
    target: float,
) -> Tensor:
    """What the detector reads, relative to the open beam, [H, W].

    attenuation: -ln of the primary signal. thickness_mm: of the patient along each ray, from which scatter is
    guessed. field: 1 inside the collimated field, 0 outside. target: mean relative primary behind the patient, at
    which the exposure is set (automatic exposure control).
    """
    primary = torch.exp(-attenuation) * field
    # Scatter: a share of what reaches the film, spread over several centimetres, more behind more tissue.
    small = (max(2, round(primary.shape[0] * pitch_mm / 6)), max(2, round(primary.shape[1] * pitch_mm / 6)))
    depth = resized(thickness_mm, small)
    source = resized(primary, small) * scanner.scatter * (depth / 200).clamp(0.02, 2).pow(1.15)
    spread = 0.6 * gaussian_blur(source, 22 / 6) + 0.4 * gaussian_blur(source, 60 / 6)
    signal = primary + resized(spread, (primary.shape[0], primary.shape[1]))
    unsharp = math.hypot(scanner.detector_mm, 0.35 * scanner.focus_mm * (magnification - 1)) / pitch_mm
    signal = gaussian_blur(signal, unsharp)
    # Quanta: the exposure is set so that `fluence` signal quanta a mm2 lie behind the patient.
    quanta = signal * (scanner.fluence * pitch_mm**2 / target)
    noise = torch.randn(signal.shape, generator=generator, device=signal.device)
    fine = gaussian_blur(noise, 0.5 * scanner.detector_mm / pitch_mm)
    read = quanta + noise.mul(0.3).add(fine, alpha=0.7) * (quanta + scanner.electronic * pitch_mm**2).sqrt()
    return read.clamp(min=0.02 * scanner.fluence * pitch_mm**2 * 0.05) / (scanner.fluence * pitch_mm**2 / target)
