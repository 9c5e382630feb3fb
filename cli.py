"""The command line: the same calls as the screens. A contract with scripts (README, "Command line").

Exit codes: 0 the command did its work (a refused film is a result), 2 wrong use, 1 a fault.
"""

import argparse
import json
import logging
import os
import sys
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path

from tqdm import tqdm

import learning
import reading
from core.settings import settings
from present.overlay import png
from present.still import still
from recipes import LEARNERS, RECIPES, learner
from recipes.facts import facts_of
from report.page import study_of
from report.page import write as write_page
from report.prognosis import write_prognosis
from report.summary import shelf_line

PROGNOSIS = "prognosis"  # what evaluate measures besides recipes


class WrongUse(Exception):
    """The command cannot be carried out as it was given: one sentence, exit code 2."""


class Fault(Exception):
    """The program failed at what it was asked to do: one sentence, exit code 1."""


def main(words: Sequence[str] | None = None) -> int:
    """Run one command and return its exit code."""
    arguments = _parser().parse_args(words)
    logging.basicConfig(level=settings().log_level, format="%(levelname)s %(message)s", stream=sys.stderr)
    try:
        arguments.command(arguments)
    except (WrongUse, ValueError, FileNotFoundError, IsADirectoryError, PermissionError) as fault:
        print(f"{Path(sys.argv[0]).name}: {fault}", file=sys.stderr)
        return 2
    except (learning.LabelStudioFault, learning.LedgerFault) as fault:
        print(f"{Path(sys.argv[0]).name}: {fault}", file=sys.stderr)
        return 1
    except Fault as fault:
        print(f"{Path(sys.argv[0]).name}: {fault}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("stopped", file=sys.stderr)
        return 1
    return 0


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
            if arguments.images and answers[0].radiograph is not None:
                (arguments.images / f"{answers[0].case_id}.png").write_bytes(png(still(answers)))
    print(", ".join(f"{number} {status}" for status, number in counts.items()), file=sys.stderr)
    if counts["failed"]:
        raise Fault(f"{counts['failed']} films failed by a fault of the program; the log above says where")


def deidentify(arguments: argparse.Namespace) -> None:
    """Write films anew without the person: DICOM stays DICOM, pictures become bare PNG; stopped, it goes on."""
    counts = dict.fromkeys(("written", "there", "refused"), 0)
    bar = None
    try:
        for film in reading.deidentify_folder(arguments.source, arguments.out):
            bar = bar or tqdm(total=film.count, desc="de-identifying", unit="film", disable=None)
            bar.update(1)
            counts[film.status] += 1
            # The file's name may tell who it is, so the film is told by its place in the sorted paths.
            said = [film.refusal.message] if film.refusal else [notice.message for notice in film.notices]
            for message in said:
                tqdm.write(f"film {film.number} of {film.count}: {message}", file=sys.stderr)
            if film.status == "written":
                print(arguments.out / film.name, flush=True)
    finally:
        if bar is not None:
            bar.close()
    print(", ".join(f"{number} {what}" for what, number in counts.items()), file=sys.stderr)


def train(arguments: argparse.Namespace) -> None:
    """Train a recipe on a manifest or on virtual patients; killed and run again, it goes on."""
    _there(arguments.data)
    init = dict(_pair(one, "CANDIDATE=WEIGHTS") for one in arguments.init)
    with _Progress() as progress:
        folder = learning.train(
            arguments.recipe,
            arguments.data,
            arguments.preset,
            arguments.out,
            init=init,
            seed=arguments.seed,
            version=arguments.version,
            learned_from=arguments.learned_from,
            workers=arguments.workers,
            tell=progress,
        )
    print(folder)


def evaluate(arguments: argparse.Namespace) -> None:
    """Measure a model on films not used in training: the figures as JSON, and a page with tables and plots."""
    _there(arguments.data)
    if arguments.recipe == PROGNOSIS:
        _prognosis(arguments)
        return
    recipe = learner(arguments.recipe)
    bundle = arguments.bundle or recipe.bundle
    about = {f"{one['name']}@{one['version']}": one for one in reading.models()}.get(bundle or "")
    if about is None:
        raise WrongUse(_no_bundle(bundle))
    with _Progress() as progress:
        found = learning.evaluate(
            recipe.name, arguments.data, bundle, arguments.workers, arguments.films, tell=progress
        )
        study = study_of(facts_of(about, recipe.name), found.sets, arguments.data, found.again, found.extra("pictured"))
        if study.evidence.views and bundle == recipe.bundle:
            study = replace(study, routing=_routing(progress))
    for path in write_page(study, arguments.out, found.extra("followed")):
        print(path)


def _routing(tell: learning.Tell) -> dict[str, dict[str, dict[str, int]]]:
    """What whole readings make of the films at hand, by recipe and source."""
    films = learning.films_at_hand()
    counts: dict[str, dict[str, dict[str, int]]] = {}
    for recipe in ("auto", *(one.name for one in reading.ready()[:1])):
        for done, (source, files) in enumerate(films.items()):
            tell(f"{recipe}: {source}", done, len(films))
            counts.setdefault(recipe, {})[source] = reading.outcomes(files, recipe)
    return counts


def _prognosis(arguments: argparse.Namespace) -> None:
    if arguments.data == "virtual":
        raise WrongUse(
            "prognosis takes a table of scores and follow-up; `python cli.py evaluate spine_vertex --data virtual` "
            "writes one a set"
        )
    study = learning.prognosis(Path(arguments.data), arguments.horizon)
    for path in write_prognosis(study, arguments.out):
        print(path)


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
        arguments.implants,
        arguments.dysplasia,
        arguments.fractures,
    )
    with tqdm(total=arguments.n, desc="simulating", unit="film", disable=None) as bar:
        for done in films:
            bar.update(done - bar.n)
    print(arguments.out / "truth.csv")


def queue_list(arguments: argparse.Namespace) -> None:
    """List the cases kept for an expert, oldest first."""
    entries = learning.worklist(*map(learning.State, arguments.state))
    if arguments.json:
        for one in entries:
            print(json.dumps(one.as_json(), ensure_ascii=False, allow_nan=False))
        return
    if not entries:
        print("The worklist is empty." if not arguments.state else f"No case is {' or '.join(arguments.state)}.")
        return
    form = "{:<24}  {:<14}  {:<8}  {:<16}  {:>6}  {:<32}  {}"
    print(form.format("case", "recipe", "state", "since (UTC)", "hard", "reasons", "task or fault"))
    for one in entries:
        hard = "" if one.difficulty is None else f"{one.difficulty:.2f}"
        since, reasons = f"{one.changed_at:%Y-%m-%d %H:%M}", ", ".join(one.reasons)
        print(
            form.format(one.case_id, one.recipe, one.state, since, hard, reasons, one.link or one.error or "").rstrip()
        )


def queue_add(arguments: argparse.Namespace) -> None:
    """Read films and keep them for an expert, because you ask."""
    films = reading.find_films(arguments.paths)
    if not films:
        raise WrongUse(f"found no file under {', '.join(map(str, arguments.paths))}, expected films")
    counts = dict.fromkeys(("kept", "refused", "failed"), 0)
    for film in tqdm(films, desc="reading", unit="film", disable=None):
        for answer in reading.read_file(film, arguments.recipe):
            if answer.status == "read":
                learning.enqueue(answer, "requested")
                print(answer.case_id)
            else:
                said = answer.refusal.message if answer.refusal else "the program failed on this film"
                tqdm.write(f"{answer.path}: {said}", file=sys.stderr)
            counts["kept" if answer.status == "read" else answer.status] += 1
    print(", ".join(f"{number} {what}" for what, number in counts.items()), file=sys.stderr)
    if counts["failed"]:
        raise Fault(f"{counts['failed']} films failed by a fault of the program; the log above says where")


def queue_push(arguments: argparse.Namespace) -> None:
    """Send what waits to Label Studio, one task a case, and print each case with the link to its task."""
    failed, bar = 0, None
    try:
        for step in learning.push():
            bar = bar or tqdm(total=step.total, desc="pushing", unit="case", disable=None)
            bar.update(step.done - bar.n)
            if step.error:
                failed += 1
                tqdm.write(f"{step.case_id}: {step.error}", file=sys.stderr)
            elif step.link:
                print(step.case_id, step.link, flush=True)
            else:
                tqdm.write(f"{step.case_id}: another process is pushing it", file=sys.stderr)
    finally:
        if bar is not None:
            bar.close()
    if bar is None:
        print("Nothing waits to be pushed.", file=sys.stderr)
    if failed:
        raise SystemExit(1)


def queue_pull(arguments: argparse.Namespace) -> None:
    """Take in what experts have answered in Label Studio, each answer once."""
    cases = new = 0
    for step in learning.pull():
        cases, new = cases + 1, new + step.new
        if step.new:
            print(step.case_id, flush=True)
        for sentence in step.said:
            tqdm.write(f"{step.case_id}: {sentence}", file=sys.stderr)
    print(f"{new} new or changed answers on {cases} answered cases", file=sys.stderr)


def queue_status(arguments: argparse.Namespace) -> None:
    """Say how many cases stand where, what they wait for, and whether Label Studio is connected."""
    counts, studio = learning.counts(), learning.label_studio_status()
    if arguments.json:
        print(json.dumps({"cases": counts, "label_studio": vars(studio)}))
        return
    waits_for = {
        "waiting": "`python cli.py queue push`" if studio.connected else "Label Studio",
        "pushing": "the process that is pushing, or for the next push if that one died",
        "pushed": "an expert's answer, and `python cli.py queue pull` after it",
        "failed": "the next push; `python cli.py queue list --state failed` says why",
        "answered": "nothing more",
        "gone": "a person: its task was deleted in Label Studio; `python cli.py queue add` with the film asks anew",
    }
    for state, number in counts.items():
        print(f"{number:6}  {state:<8}" + (f"  waits for {waits_for[state]}" if number else ""))
    print(studio.message)


def models(arguments: argparse.Namespace) -> None:
    """List the bundles at hand, show one's card, or put a trained one among those that read."""
    if arguments.action == "promote":
        if not arguments.name or not (Path(arguments.name) / "config.json").is_file():
            raise WrongUse(f"found no bundle in {arguments.name}, expected the folder that train printed")
        print(learning.promote(Path(arguments.name)))
        return
    shelf = reading.models()
    if arguments.action == "list":
        for one in shelf:
            print(shelf_line(one))
        return
    found = [one for one in shelf if f"{one['name']}@{one['version']}" == arguments.name]
    if not found:
        raise WrongUse(_no_bundle(arguments.name))
    print((Path(found[0]["folder"]) / "README.md").read_text(encoding="utf-8"))


class _Progress:
    """A bar a step on the terminal, with its ETA; silent where there is no terminal but for a line a step."""

    def __init__(self) -> None:
        self.bar: tqdm | None = None

    def __enter__(self) -> "_Progress":
        return self

    def __exit__(self, *_: object) -> None:
        if self.bar is not None:
            self.bar.close()

    def __call__(self, step: str, done: int, total: int) -> None:
        if self.bar is None or self.bar.desc != step:
            if self.bar is not None:
                self.bar.close()
            self.bar = tqdm(total=total, mininterval=1 if sys.stderr.isatty() else 30)
            self.bar.set_description_str(step)
        self.bar.update(done - self.bar.n)


def _there(data: str) -> None:
    """Raises WrongUse for a manifest that is not there, before anything long begins."""
    if data != "virtual" and not Path(data).is_file():
        raise WrongUse(
            f"found no manifest at {data}, expected a CSV or Parquet file with a row a limb, or the word virtual"
        )


def _no_bundle(name: str | None) -> str:
    there = ", ".join(f"{one['name']}@{one['version']}" for one in reading.models())
    return f"no bundle {name} under {settings().weights}, expected one of: {there or 'none yet'}"


def _pair(text: str, form: str) -> tuple[str, str]:
    key, equals, value = text.partition("=")
    if not (key and equals and value):
        raise WrongUse(f"found {text!r}, expected {form}")
    return key, value


def _count(text: str) -> int:
    number = int(text)
    if number < 1:
        raise argparse.ArgumentTypeError(f"{number} were asked for, expected at least 1")
    return number


def _millimetres(text: str) -> float:
    value = float(text)
    low, high = reading.PIXEL_MM
    if not low <= value <= high:
        raise argparse.ArgumentTypeError(f"{value:g} mm was given, expected {low:g} to {high:g}: the edge of one pixel")
    return value


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="cli.py", description="Osteolens. A research tool, not a medical device.")
    commands = parser.add_subparsers(required=True, metavar="COMMAND")
    cores, workers = os.cpu_count() or 1, "processes; one a core unless told"
    data = "a table of films and answers, or the word virtual: patients made for it"

    def command(name: str, does: Callable[[argparse.Namespace], None]) -> argparse.ArgumentParser:
        sub = commands.add_parser(name, help=does.__doc__, description=does.__doc__)
        sub.set_defaults(command=does)
        return sub

    one = command("read", read)
    one.add_argument("paths", nargs="+", type=Path, metavar="PATH", help="films, or folders of films")
    one.add_argument("--recipe", default="auto", choices=["auto", *RECIPES])
    one.add_argument("--clinical", type=Path, metavar="CSV", help="path, age_years, sex, bmi")
    one.add_argument(
        "--pixel-mm", type=_millimetres, metavar="MM", help="edge of a pixel, measured on a marker, for films without"
    )
    one.add_argument("--out", type=Path, required=True, metavar="JSONL")
    one.add_argument("--images", type=Path, metavar="DIR", help="write each film with outlines and explanation here")

    one = command("deidentify", deidentify)
    one.add_argument("source", type=Path, metavar="IN", help="a film, or a folder of films")
    one.add_argument("--out", type=Path, required=True, metavar="DIR", help="where they go, under opaque names")

    one = command("train", train)
    one.add_argument("recipe", choices=list(LEARNERS))
    one.add_argument("--data", required=True, metavar="MANIFEST|virtual", help=data)
    one.add_argument("--preset", default="demo", choices=["demo", "paper"])
    one.add_argument(
        "--init",
        action="append",
        default=[],
        metavar="CANDIDATE=WEIGHTS",
        help="scratch, a file, a bundle's folder or a hub id",
    )
    one.add_argument("--seed", type=int, default=0)
    one.add_argument("--version", help="of the bundle that is made (default: the one its recipe reads with)")
    one.add_argument("--learned-from", metavar="TEXT", help="what the card says of the data")
    one.add_argument("--workers", type=int, default=cores, help=workers)
    one.add_argument("--out", type=Path, required=True, metavar="DIR")

    one = command("evaluate", evaluate)
    one.add_argument("recipe", choices=[*RECIPES, "view", PROGNOSIS], help="or prognosis: scores against fractures")
    one.add_argument("--data", required=True, metavar="MANIFEST|virtual", help=data)
    one.add_argument("--horizon", type=float, default=5.0, metavar="YEARS", help="of prognosis; 5 unless told")
    one.add_argument("--bundle", metavar="NAME@VERSION", help="the recipe's own unless told")
    one.add_argument("--films", type=_count, default=1000, metavar="N", help="virtual films a set; 1000 unless told")
    one.add_argument("--workers", type=int, default=cores, help=workers)
    one.add_argument("--out", type=Path, required=True, metavar="DIR", help="for the figures, the page, its pictures")

    one = command("simulate", simulate)
    one.add_argument("view", metavar="VIEW", help="hip_ap, knee_ap or spine_lateral")
    one.add_argument("--n", type=int, required=True, help="how many films")
    one.add_argument("--seed", type=int, required=True, help="which cohort: the same seed gives the same films")
    one.add_argument("--scanner", default="alpha", help="alpha, beta (another make) or vfa (DXA-VFA)")
    one.add_argument("--size", type=int, metavar="PX", help="long side of a film; 1024 unless told")
    one.add_argument("--workers", type=int, default=cores, help=workers)
    one.add_argument("--meshes", type=Path, metavar="DIR", help="bone meshes that every other person gets (hip_ap)")
    one.add_argument("--implants", type=float, default=0.0, metavar="SHARE", help="of people with a metal hip (hip_ap)")
    one.add_argument("--dysplasia", type=float, default=0.0, metavar="SHARE", help="of people with shallow sockets")
    one.add_argument("--fractures", type=float, default=0.0, metavar="SHARE", help="of broken spines, besides others")
    one.add_argument("--out", type=Path, required=True, metavar="DIR")

    steps = commands.add_parser("queue", help="The cases kept for an expert: list, add, push, pull, status.")
    queue = steps.add_subparsers(required=True, metavar="STEP")

    def step(does: Callable[[argparse.Namespace], None]) -> argparse.ArgumentParser:
        sub = queue.add_parser(does.__name__.removeprefix("queue_"), help=does.__doc__, description=does.__doc__)
        sub.set_defaults(command=does)
        return sub

    one = step(queue_list)
    one.add_argument(
        "--state", action="append", default=[], choices=list(learning.State), help="only these; may be repeated"
    )
    one.add_argument("--json", action="store_true", help="one line of JSON a case")
    one = step(queue_add)
    one.add_argument("paths", nargs="+", type=Path, metavar="FILE", help="films, or folders of films")
    one.add_argument("--recipe", default="auto", choices=["auto", *RECIPES])
    step(queue_push)
    step(queue_pull)
    one = step(queue_status)
    one.add_argument("--json", action="store_true", help="the same as one line of JSON")

    one = command("models", models)
    one.add_argument("action", choices=["list", "show", "promote"])
    one.add_argument("name", nargs="?", metavar="NAME", help="NAME@VERSION to show, or the folder to promote")
    return parser


if __name__ == "__main__":
    sys.exit(main())
