"""Commands about films: de-identify, simulate."""

import argparse
import sys

from tqdm import tqdm

import learning
import reading

FAULTS: tuple[type[Exception], ...] = ()


def deidentify(arguments: argparse.Namespace) -> None:
    """Write films anew without the person: DICOM stays DICOM, pictures become bare PNG; stopped, it goes on."""
    counts = dict.fromkeys(("written", "there", "refused", "held"), 0)
    verdicts = dict.fromkeys(arguments.clear, "clear") | dict.fromkeys(arguments.paint, "paint")
    bar = None
    try:
        for film in reading.deidentify_folder(arguments.source, arguments.out, verdicts):
            bar = bar or tqdm(total=film.count, desc="de-identifying", unit="film", disable=None)
            bar.update(1)
            counts[film.status] += 1
            # The file's name may tell who it is, so the film is told by its place in the sorted paths.
            said = [film.refusal.message] if film.refusal else [notice.message for notice in film.notices]
            for message in said:
                tqdm.write(f"film {film.number} of {film.count}: {message}", file=sys.stderr)
            if film.status == "written":
                print(arguments.out / film.name, flush=True)
            if film.status == "held":
                how = f"look at {film.picture}, then run again with --clear {film.name} or --paint {film.name}"
                tqdm.write(f"film {film.number} of {film.count}: held; {how}", file=sys.stderr)
    finally:
        if bar is not None:
            bar.close()
    print(", ".join(f"{number} {what}" for what, number in counts.items()), file=sys.stderr)


def simulate(arguments: argparse.Namespace) -> None:
    """Make films of virtual patients, whose truth is known exactly; stopped and run again, it goes on."""
    films = learning.simulate(
        arguments.view,
        arguments.n,
        arguments.seed,
        arguments.scanner,
        arguments.out,
        arguments.size,
        arguments.workers,
        arguments.meshes,
        implants=arguments.implants,
        dysplasia=arguments.dysplasia,
        fractures=arguments.fractures,
    )
    with tqdm(total=arguments.n, desc="simulating", unit="film", disable=None) as bar:
        for done in films:
            bar.update(done - bar.n)
    print(arguments.out / "truth.csv")
