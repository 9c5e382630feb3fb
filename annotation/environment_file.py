"""The file `.env`, in which settings are kept from one start to the next."""

import os
import secrets
from pathlib import Path


def set_values(path: Path, values: dict[str, str]) -> None:
    """Put these settings into the file, readable by its owner alone. All other lines stay as they are.

    Written beside and moved into place, so that whoever reads it meanwhile sees the old file or the new one.
    """
    lines = path.read_text(encoding="utf-8").splitlines() if path.exists() else []
    left = dict(values)
    for number, line in enumerate(lines):
        name = line.removeprefix("export ").partition("=")[0].strip()
        if name in values:
            lines[number] = f"{name}={values[name]}"
            left.pop(name, None)
    lines += [f"{name}={value}" for name, value in left.items()]
    draft = path.with_name(f"{path.name}.{secrets.token_hex(4)}.part")
    write_private(draft, "\n".join(lines) + "\n")
    draft.replace(path)


def write_private(path: Path, text: str) -> None:
    """Write a new file that its owner alone can read from its first moment. Raises FileExistsError."""
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="utf-8") as file:
        file.write(text)
