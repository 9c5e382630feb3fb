"""Commands about films: read, de-identify, simulate."""

import argparse
import json
import sys

from tqdm import tqdm

import learning
import reading
from commands.shared import Fault, WrongUse
from present.overlay import png
from present.still import still

FAULTS: tuple[type[Exception], ...] = ()


def read(arguments: argparse.Namespace) -> None:
    """Read films into readings.jsonl, one line a limb."""
    films = reading.find_films(arguments.paths)
    if not films:
        raise WrongUse(f"found no file under {', '.join(map(str, arguments.paths))}, expected films")
    clinical = reading.clinical_table(arguments.clinical) if arguments.clinical else {}
    if arguments.images:
        arguments.images.mkdir(parents=True, exist_ok=True)
    counts = dict.fromkeys(("read", "refused", "failed"), 0)
    with arguments.out.open("w", encoding="utf-8") as out:
        for film in tqdm(films, desc="reading", unit="film", disable=None):
            answers = reading.read_file(
                film, arguments.recipe, clinical.get(film.resolve()), pixel_mm=arguments.pixel_mm
            )
            for answer in answers:
                counts[answer.status] += 1
                print(json.dumps(answer.row(), ensure_ascii=False, allow_nan=False), file=out, flush=True)
            if arguments.images and any(answer.status == "read" for answer in answers):
                (arguments.images / f"{answers[0].case_id}.png").write_bytes(png(still(answers)))
    print(", ".join(f"{number} {status}" for status, number in counts.items()), file=sys.stderr)
    if counts["failed"]:
        raise Fault(f"{counts['failed']} films failed by a fault of the program; the log above says where")


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
