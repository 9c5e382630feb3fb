"""Plain JSON files of a bundle, and what is said of those that are none."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

MOST_BYTES = 32_000_000  # of a JSON file: what is known of a hundred thousand films, and read in no time


class BundleError(ValueError):
    """A bundle cannot be loaded or saved: one sentence."""


def read_json(path: Path) -> dict[str, Any]:
    """An object from a file. Raises BundleError in one sentence for what cannot be read, or is larger than any."""
    try:
        if path.stat().st_size > MOST_BYTES:
            raise BundleError(
                f"{path} has {path.stat().st_size / 1e6:.0f} MB, expected at most {MOST_BYTES / 1e6:.0f} MB of JSON; "
                "the bundle is damaged or not one, fetch it again"
            )
        values = json.loads(path.read_text(encoding="utf-8"))
        if not isinstance(values, dict):
            raise ValueError(f"found {type(values).__name__}, expected an object")
    except (OSError, ValueError, RecursionError) as fault:
        if isinstance(fault, BundleError):
            raise
        raise BundleError(
            f"{path} cannot be read ({fault}); the bundle is damaged or not one, fetch it again"
        ) from fault
    return values


def write_json(path: Path, values: Mapping[str, Any]) -> None:
    path.write_text(json.dumps(values, indent=1, ensure_ascii=False, allow_nan=False) + "\n", encoding="utf-8")
