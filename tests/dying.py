"""A way of opening films of which one kills the process that opens it."""

import os
from pathlib import Path
from typing import Any

from imaging.opening import Opened, open_file


def dies_on_the_third(path: Path, *known: Any) -> Opened:
    """`open_file`, but for 3.png."""
    if path.name == "3.png":
        os._exit(9)
    return open_file(path, *known)
