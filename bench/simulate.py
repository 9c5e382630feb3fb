"""How fast virtual films are made, where the time goes, and whether memory stays flat.

    python -m bench.simulate                 # speed and shares, a few minutes
    python -m bench.simulate --films 1000    # and memory over so many films

Writes docs/evidence/simulation_speed.md.
"""

import argparse
import cProfile
import pstats
import resource
import time
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from pathlib import Path

import torch

import simulation

OUT = Path(__file__).resolve().parent.parent / "docs/evidence/simulation_speed.md"
CASES = (
    ("hip_ap", "pelvis", 1024),
    ("hip_ap", "hip", 1024),
    ("hip_ap", "hip", 512),
    ("hip_ap", "hip", 256),
    ("knee_ap", "both", 1024),
    ("spine_lateral", "any", 1024),
)
STEPS = {  # the function whose time, with all it calls, is the step's
    "body and pose": ("scene",),
    "of it, virtual DXA": ("scan",),
    "bone projections": ("mineral",),
    "soft tissue": ("soft_tissue",),
    "attenuation": ("__call__",),
    "detector": ("expose",),
    "vendor's processing": ("processed",),
    "masks": ("limb_masks",),
}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--each", type=int, default=6, help="films a case")
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--films", type=int, default=0, help="films over which memory is watched")
    arguments = parser.parse_args()
    lines = [
        "# Speed of the simulator",
        "",
        f"Made by `python -m bench.simulate --each {arguments.each} --workers {arguments.workers} --films "
        f"{arguments.films}`. "
        f"Torch {torch.__version__}, truth (masks, landmarks, projections, virtual DXA) included, nothing written to "
        "disk. "
        "CPU seconds are a film's cost on one core whatever else the machine does; films a second are by the clock, "
        "in "
        f"{arguments.workers} processes of one thread each, with the machine as busy as it was.",
        "",
        "| view | frame | long side, px | CPU seconds a film | films a second |",
        "|---|---|---|---|---|",
    ]
    with ProcessPoolExecutor(arguments.workers, get_context("spawn"), torch.set_num_threads, (1,)) as pool:
        for view, frame, size in CASES:
            list(pool.map(_make, [(view, 0, frame, size)] * arguments.workers))  # bodies are built once a process
            start = time.perf_counter()
            cpu = list(pool.map(_make, [(view, i, frame, size) for i in range(1, arguments.each + 1)]))
            rate = arguments.each / (time.perf_counter() - start)
            lines.append(f"| {view} | {frame} | {size} | {sum(cpu) / len(cpu):.2f} | {rate:.2f} |")
            print(lines[-1], flush=True)
    lines += ["", "## Where the time of a whole pelvis at 1024 px goes", "", "| step | share |", "|---|---|"]
    lines += [f"| {step} | {share:.0%} |" for step, share in _shares(arguments.each).items()]
    if torch.cuda.is_available():
        _make(("hip_ap", 0, "pelvis", 1024, "cuda"))
        start = time.perf_counter()
        for i in range(arguments.each):
            _make(("hip_ap", i, "pelvis", 1024, "cuda"))
        lines += [
            "",
            f"On {torch.cuda.get_device_name()}: {arguments.each / (time.perf_counter() - start):.2f} whole pelves a "
            "second at 1024 px.",
        ]
    else:
        lines += ["", "No GPU was at hand."]
    if arguments.films:
        lines += [
            "",
            "## Memory",
            "",
            f"Peak resident memory of one process making {arguments.films} films at 256 px in turn of all views:",
            "",
        ]
        for done, peak in _memory(arguments.films):
            lines.append(f"- after {done} films: {peak:.0f} MiB")
            print(lines[-1], flush=True)
    OUT.parent.mkdir(parents=True, exist_ok=True)
    OUT.write_text("\n".join(lines) + "\n")
    print(OUT)


def _make(job: tuple) -> float:
    view, index, frame, size, *device = job
    start = time.process_time()
    simulation.simulate(view, 1, index, size=size, frame=frame, device=device[0] if device else "cpu")
    return time.process_time() - start


def _shares(films: int) -> dict[str, float]:
    simulation.simulate("hip_ap", 1, 0, frame="pelvis")
    profile = cProfile.Profile()
    profile.enable()
    for index in range(1, films + 1):
        simulation.simulate("hip_ap", 1, index, frame="pelvis")
    profile.disable()
    spent: dict[str, float] = {}
    whole = 0.0
    for (path, _, name), (_, _, _, total, _) in pstats.Stats(profile).stats.items():  # type: ignore[attr-defined]
        if "simulation" in path:
            whole = max(whole, total)
            for step, names in STEPS.items():
                if name in names and (name != "__call__" or path.endswith("physics.py")):
                    spent[step] = spent.get(step, 0.0) + total
    spent["bone projections"] -= spent["of it, virtual DXA"] * 0.75  # the DXA projects too: about that share of it
    return {step: value / whole for step, value in sorted(spent.items(), key=lambda item: -item[1])}


def _memory(films: int) -> list[tuple[int, float]]:
    peaks = []
    for index in range(films):
        simulation.simulate(simulation.VIEWS[index % len(simulation.VIEWS)], 2, index, size=256)
        if index + 1 in (30, films // 4, films // 2, films):
            peaks.append((index + 1, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024))
    return peaks


if __name__ == "__main__":
    main()
