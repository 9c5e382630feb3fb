"""How long commands take before they begin, and a first answer takes from nothing; beside another checkout.

    python -m bench.startup [--beside FOLDER] [--runs 5]

Each command runs in a process of its own; the median of its runs counts.
Writes docs/evidence/startup.md.
"""

import argparse
import json
import os
import platform
import resource
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path
from time import perf_counter

from core.settings import ROOT

PAGE = ROOT / "docs/evidence/startup.md"
# One process, in parts: what torch takes, what our own modules take, what bundles and the libraries of their networks
# take, and what is left for the film.
FIRST = """
import json, time
from pathlib import Path
clock = lambda: (time.perf_counter(), time.process_time())
def since(begun): return [now - then for now, then in zip(clock(), begun)]
begun = clock(); import torch; took = {"torch": since(begun)}
begun = clock(); import reading; took["reading"] = since(begun)
from models import registry
load, loading = registry.bundle, [0.0, 0.0]
def loaded(*words):
    begun = clock(); bundle = load(*words); loading[:] = [sum(both) for both in zip(loading, since(begun))]
    return bundle
registry.bundle = loaded
begun = clock(); (answer, *_) = reading.read_file(Path("samples/virtual_hip.png")); all_ = since(begun)
assert answer.status == "read", answer
took["bundles"] = loading
took["film"] = [whole - part for whole, part in zip(all_, loading)]
print(json.dumps(took))
"""
PARTS = {
    "torch": "`import torch`",
    "reading": "`import reading`, after it",
    "bundles": "bundles loaded, with the libraries of their networks",
    "film": "the first hip's answer, without these",
}
COMMANDS = {
    "`cli.py --help`": ["cli.py", "--help"],
    "`cli.py queue status`": ["cli.py", "queue", "status"],
    "`cli.py models list`": ["cli.py", "models", "list"],
}
Taken = tuple[float, float]  # wall and CPU seconds


def taken(words: list[str], checkout: Path) -> tuple[Taken, str]:
    """One run of Python, and what it printed. Raises CalledProcessError for a command that fails."""
    with tempfile.TemporaryDirectory() as home:
        known = {**os.environ, "PYTHONPATH": str(checkout), "OSTEOLENS_HOME": home, "OSTEOLENS_LABEL_STUDIO_URL": ""}
        before, begun = resource.getrusage(resource.RUSAGE_CHILDREN), perf_counter()
        done = subprocess.run(
            [sys.executable, *words], cwd=checkout, env=known, check=True, capture_output=True, text=True
        )
        wall, after = perf_counter() - begun, resource.getrusage(resource.RUSAGE_CHILDREN)
    return (wall, after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime), done.stdout


def measured(checkout: Path) -> dict[str, Taken]:
    """Every row of the page, once."""
    rows = {name: taken(command, checkout)[0] for name, command in COMMANDS.items()}
    parts = json.loads(taken(["-c", FIRST], checkout)[1].splitlines()[-1])
    return rows | {said: tuple(parts[part]) for part, said in PARTS.items()}


def said(runs: list[Taken]) -> str:
    """Median, smallest and largest of the wall seconds, and the median of CPU seconds."""
    wall, cpu = zip(*runs, strict=True)
    return f"{statistics.median(wall):.2f} ({min(wall):.2f} to {max(wall):.2f}); {statistics.median(cpu):.2f}"


def main() -> None:
    words = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    words.add_argument("--beside", type=Path, help="another checkout, run in turn with this one: how it was before")
    words.add_argument("--runs", type=int, default=5)
    asked = words.parse_args()
    checkouts = {"now": ROOT, **({"before": asked.beside.resolve()} if asked.beside else {})}
    runs: dict[str, list[dict[str, Taken]]] = {which: [] for which in checkouts}
    for number in range(asked.runs + 1):
        for which, checkout in checkouts.items():  # in turn, so that a busy moment meets both
            one = measured(checkout)
            if number:  # the first only brings files into memory
                runs[which].append(one)
                print(which, {name: f"{wall:.2f} s" for name, (wall, _) in one.items()}, flush=True)
    order = [which for which in ("before", "now") if which in checkouts]
    lines = [
        "# Startup",
        "",
        f"Written by `python -m bench.startup{' --beside FOLDER' if asked.beside else ''} --runs {asked.runs}` on "
        f"{os.cpu_count()} cores without a GPU, Python {platform.python_version()}. Wall seconds, median (smallest to "
        "largest), and the median of CPU seconds; checkouts are run in turn. Commands are whole processes; the first "
        "answer is one process, told in parts.",
        "",
        f"| | {' | '.join(order)} |",
        "|---" * (1 + len(order)) + "|",
        *(
            f"| {name} | {' | '.join(said([run[name] for run in runs[which]]) for which in order)} |"
            for name in (*COMMANDS, *PARTS.values())
        ),
        "",
    ]
    PAGE.write_text("\n".join(lines), encoding="utf-8")


if __name__ == "__main__":
    main()
