"""What a bundle says of how it was made."""

import platform
from collections.abc import Mapping
from datetime import UTC, datetime
from importlib.metadata import version as version_of
from typing import Any

from torch import nn

from core.version import __version__
from models.networks import parameters

LIBRARIES = ("torch", "transformers", "monai", "numpy", "scikit-learn")
INTENDED_USE = "For research and teaching on how far such films carry; not for any decision about a person."


def provenance(preset: str, seed: int, networks: Mapping[str, nn.Module]) -> dict[str, Any]:
    """Preset, seed, sizes, date and versions."""
    return {
        "preset": preset,
        "seed": seed,
        "parameters": {name: parameters(network) for name, network in networks.items()},
        "made_on": datetime.now(UTC).date().isoformat(),
        "versions": {"osteolens": __version__} | {name: version_of(name) for name in LIBRARIES},
        "python": platform.python_version(),
    }
