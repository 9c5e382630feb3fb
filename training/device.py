"""Where training, calibration and evaluation run: on the device that readings run on."""

from typing import Any

import torch

from core.settings import settings
from models.engine import device as named


def device() -> torch.device:
    """What OSTEOLENS_DEVICE says. Raises ValueError naming the setting for a device that is not there."""
    return named(settings().device)


def lightning_device(on: torch.device) -> dict[str, Any]:
    """`accelerator` and `devices` of a Lightning trainer: this one device and no other. Left to itself Lightning takes
    every GPU, starts the command once more for each, and all of them write the same bundle."""
    if on.type == "cuda":
        return {"accelerator": "gpu", "devices": [on.index or 0]}
    return {"accelerator": on.type, "devices": 1}


def has_bfloat16(on: torch.device) -> bool:
    """Whether a device multiplies in bfloat16 by itself: GPUs from Ampere on, and CPUs with AVX-512 BF16. Older GPUs
    (T4, V100) only emulate it, slower than single precision."""
    if on.type == "cuda":
        return torch.cuda.get_device_capability(on)[0] >= 8
    return on.type == "cpu" and torch.cpu._is_avx512_bf16_supported()
