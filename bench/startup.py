"""How long commands take before they begin, and a first answer takes from nothing; beside another checkout.

    python -m bench.startup [--beside FOLDER] [--runs 5]

Each command runs in a process of its own; the median of its runs counts, and the smallest and largest stand beside it.
Writes docs/evidence/startup.md.
"""

import argparse
import os
import platform
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path
from time import perf_counter

from core.settings import ROOT

PAGE = ROOT / "docs/evidence/startup.md"
READ = "from pathlib import Path; import reading; reading.read_file(Path('samples/virtual_hip.png'))"
COMMANDS = {
    "`cli.py --help`": ["cli.py", "--help"],
    "`cli.py queue status`": ["cli.py", "queue", "status"],
    "`cli.py models list`": ["cli.py", "models", "list"],
    "`import torch`": ["-c", "import torch"],
    "`import reading`": ["-c", "import reading"],
    "`import reading`, and the first hip's answer": ["-c", READ],
}


def seconds(words: list[str], checkout: Path) -> float:
    """Wall time of one run. Raises CalledProcessError for a command that fails."""
    with tempfile.TemporaryDirectory() as home:
        known = {**os.environ, "PYTHONPATH": str(checkout), "OSTEOLENS_HOME": home, "OSTEOLENS_LABEL_STUDIO_URL": ""}
        begun = perf_counter()
        subprocess.run([sys.executable, *words], cwd=checkout, env=known, check=True, capture_output=True)
        return perf_counter() - begun


def said(times: list[float]) -> str:
    """Median, smallest and largest."""
    return f"{statistics.median(times):.2f} ({min(times):.2f} to {max(times):.2f})"


def main() -> None:
    words = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    words.add_argument("--beside", type=Path, help="another checkout, run in turn with this one: how it was before")
    words.add_argument("--runs", type=int, default=5)
    asked = words.parse_args()
    checkouts = {"now": ROOT, **({"before": asked.beside.resolve()} if asked.beside else {})}
    table: dict[str, dict[str, list[float]]] = {name: {which: [] for which in checkouts} for name in COMMANDS}
    for name, command in COMMANDS.items():
        for checkout in checkouts.values():
            seconds(command, checkout)  # files are read into memory once
        for _ in range(asked.runs):
            for which, checkout in checkouts.items():  # in turn, so that a busy moment meets both
                table[name][which].append(seconds(command, checkout))
        print(name, {which: said(times) for which, times in table[name].items()}, flush=True)
    order = [which for which in ("before", "now") if which in checkouts]
    lines = [
        "# Startup",
        "",
        f"Written by `python -m bench.startup{' --beside FOLDER' if asked.beside else ''} --runs {asked.runs}` on "
        f"{os.cpu_count()} cores without a GPU, Python {platform.python_version()}. Wall seconds of whole processes, "
        "median (smallest to largest); checkouts are run in turn.",
        "",
        f"| | {' | '.join(order)} |",
        "|---" * (1 + len(order)) + "|",
        *(f"| {name} | {' | '.join(said(times[which]) for which in order)} |" for name, times in table.items()),
        "",
    ]
    PAGE.write_text("\n".join(lines), encoding="utf-8")


if __name__ == "__main__":
    main()
