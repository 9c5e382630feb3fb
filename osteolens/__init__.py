"""Osteolens from Python: osteoporosis on plain X-rays. A research tool, not a medical device.

    from osteolens import read
    for answer in read(Path("film.dcm").read_bytes(), "film.dcm"):
        print(answer.status, answer.estimate)

Nothing else lives here. In a checkout the parts stand beside this folder; installed, they stand inside it, so that no
name such as `core` or `models` is put among other people's packages.
"""

import sys
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from core.version import __version__ as __version__
    from imaging import read_radiograph as read_radiograph
    from learning import simulate as simulate
    from models.bundle import Bundle as Bundle
    from reading import read as read

__all__ = ["Bundle", "read", "read_radiograph", "simulate"]
_FROM = {
    "Bundle": "models.bundle",
    "read": "reading",
    "read_radiograph": "imaging",
    "simulate": "learning",
    "__version__": "core.version",
}
_HERE = Path(__file__).resolve().parent
_PARTS = _HERE / "_parts" if (_HERE / "_parts").is_dir() else _HERE.parent


def __getattr__(name: str) -> Any:
    """Each name is loaded when it is asked for: network libraries take seconds."""
    if name not in _FROM:
        raise AttributeError(f"osteolens has no {name}, it has {', '.join(__all__)}")
    return getattr(import_module(_FROM[name]), name)


def _find_parts() -> None:
    """Put the parts on the path, behind everything else. Raises ImportError where another package has their names."""
    if str(_PARTS) not in sys.path:
        sys.path.append(str(_PARTS))
    for part in ("core", "imaging", "models", "reading", "learning"):
        spec = find_spec(part)
        origin = None if spec is None else spec.origin
        if origin is None or not Path(origin).resolve().is_relative_to(_PARTS):
            raise ImportError(
                f"found another module {part} at {origin}, expected the one under {_PARTS}; run from another folder, "
                "or give that module another name"
            )


_find_parts()
