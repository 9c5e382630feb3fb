"""Commands about models: train, calibrate, evaluate; list, show, compare, promote, roll back, publish, install."""

import argparse
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import learning
import reading
import sharing
from commands.hub import install, publish
from commands.shared import Fault, Progress, WrongUse, no_bundle, pair, there
from core.settings import settings
from jobs import Recording, Stopped, recorded, running
from recipes import learner
from recipes.facts import facts_of
from report.page import study_of, write as write_page
from report.prognosis import write_prognosis
from report.summary import shelf_line
from report.versus import write as write_versus

FAULTS: tuple[type[Exception], ...] = (learning.NotPromoted, sharing.HubFault)
VIRTUAL = "virtual"
PROGNOSIS = "prognosis"  # what evaluate measures besides recipes


def train(arguments: argparse.Namespace) -> None:
    """Train a recipe on a manifest or on virtual patients, or fine-tune a bundle; killed and run again, it goes on."""
    there(arguments.data)
    init = dict(pair(one, "CANDIDATE=WEIGHTS") for one in arguments.init)
    if not arguments.from_bundle:
        told = {"--freeze": arguments.freeze, "--virtual-share": arguments.virtual_share, "--epochs": arguments.epochs}
        alone = [option for option, value in told.items() if value is not None]
        if alone:
            raise WrongUse(f"{' and '.join(alone)} say how to go on from a bundle, expected --from-bundle beside them")
    elif init:
        raise WrongUse("--from-bundle keeps every network's weights, expected no --init beside it; pass one of the two")
    with _watched(arguments) as (record, tell):
        record.bundle = folder = learning.train(
            arguments.recipe,
            arguments.data,
            arguments.preset,
            arguments.out,
            init=init,
            seed=arguments.seed,
            version=arguments.version,
            learned_from=arguments.learned_from,
            workers=arguments.workers,
            tell=tell,
            watch=record.epoch,
            from_bundle=arguments.from_bundle,
            freeze=arguments.freeze,
            virtual_share=arguments.virtual_share,
            epochs=arguments.epochs,
        )
    print(folder)


@contextmanager
def _watched(arguments: argparse.Namespace) -> Iterator[tuple[Recording, learning.Tell]]:
    """Bars on the terminal; and the page Learn sees the training, and may stop it."""
    home, command = settings().home, tuple(arguments.words)
    for job in running(home):
        if job.out.resolve() != arguments.out.resolve():
            print(f"A training of {job.recipe} runs beside this one ({job.name}); both take longer.", file=sys.stderr)
    try:
        with recorded(home, arguments.recipe, arguments.data, arguments.out, command) as record, Progress() as bars:

            def tell(step: str, done: int, total: int) -> None:
                bars(step, done, total)
                record(step, done, total)

            yield record, tell
    except Stopped as stopped:
        raise Fault("stopped; run the same command again and it goes on from its last whole epoch") from stopped


def evaluate(arguments: argparse.Namespace) -> None:
    """Measure a model on films not used in training: the figures as JSON, and a page with tables and plots."""
    there(arguments.data)
    if arguments.recipe == PROGNOSIS:
        _prognosis(arguments)
        return
    recipe = reading.as_it_reads(learner(arguments.recipe))
    bundle = arguments.bundle or recipe.bundle or recipe.name
    about = learning.described(bundle)
    with Progress() as progress:
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


def calibrate(arguments: argparse.Namespace) -> None:
    """Fit a model anew to films of one's own without touching its weights, and print the new bundle's folder."""
    there(arguments.data)
    if arguments.data == VIRTUAL:
        raise WrongUse(
            "calibrate takes a manifest of films of one's own; virtual patients calibrate every shipped model"
        )
    with Progress() as progress:
        made = learning.calibrate(
            arguments.recipe, Path(arguments.data), arguments.out, arguments.bundle, arguments.workers, progress
        )
    for task, one in made.gains.items():
        high = one.difference.high
        better = "better" if high is not None and high < 0 else "not surely better"
        print(
            f"{task}: {made.units[task]} units; {one.title} {one.first:.4f} before, {one.second:.4f} cross-fitted, "
            f"difference {one.difference.text(4, signed=True)}: {better} on these films"
        )
    print(made.folder)


def models(arguments: argparse.Namespace) -> None:
    """List, show, compare, promote or roll back versions."""
    action: Callable[[argparse.Namespace], None] = {
        "list": _list, "show": _show, "promote": _promote, "rollback": _roll_back, "compare": _compare,
        "history": _history, "publish": publish, "install": install,
    }[arguments.action]  # fmt: skip
    wanted = {"list": 0, "compare": 2, "history": None}.get(arguments.action, 1)
    if wanted is not None and len(arguments.name) != wanted:
        raise WrongUse(f"found {len(arguments.name)} names, expected {wanted} after models {arguments.action}")
    action(arguments)


def _list(arguments: argparse.Namespace) -> None:
    now = set(reading.versions().values())
    for one in reading.models():
        print(f"{shelf_line(one)}{'  Reads.' if _named(one) in now else ''}")


def _show(arguments: argparse.Namespace) -> None:
    (name,) = arguments.name
    found = [one for one in reading.models() if _named(one) == name]
    if not found:
        raise WrongUse(no_bundle(name))
    now = reading.versions().get(found[0]["name"])
    print(f"{name} reads." if now == name else f"{name} does not read; {now or 'no version'} does.", file=sys.stderr)
    print((Path(found[0]["folder"]) / "README.md").read_text(encoding="utf-8"))


def _promote(arguments: argparse.Namespace) -> None:
    (name,) = arguments.name
    if arguments.data is not None:
        there(arguments.data)
    if "@" not in name and not Path(name).is_dir():
        raise WrongUse(f"found no bundle in {name}, expected the folder that train printed, or NAME@VERSION")
    with Progress() as progress:
        try:
            done = learning.promote(
                name, Path(arguments.data) if arguments.data else None, arguments.because, arguments.workers, progress
            )
        except learning.NotPromoted as refused:
            if refused.weighed is not None:
                _tell(refused.weighed.to_plain(), arguments.out, reasons=False)
            raise
    if done.weighed is not None:
        _tell(done.weighed.to_plain(), arguments.out)
    print(f"{done.step.to} reads from the next film on: {done.step.because}.", file=sys.stderr)
    print(done.folder)


def _roll_back(arguments: argparse.Namespace) -> None:
    step = learning.roll_back(arguments.name[0].partition("@")[0], arguments.because)
    print(f"{step.to} reads again, {step.came_from} no longer does.")


def _compare(arguments: argparse.Namespace) -> None:
    if not arguments.data or not arguments.out:
        raise WrongUse("compare needs --data with a manifest of a locked test set, and --out with a folder")
    there(arguments.data)
    with Progress() as progress:
        found = learning.compare(*arguments.name, Path(arguments.data), arguments.workers, progress)
    _tell(found.to_plain(), arguments.out)


def _history(arguments: argparse.Namespace) -> None:
    for one in learning.history(learner(arguments.name[0].partition("@")[0]).name if arguments.name else None):
        print(f"{one.when}  {one.what}  {one.came_from or 'nothing'} -> {one.to}  {one.because}")


def _tell(weighed: Mapping[str, Any], out: Path | None, reasons: bool = True) -> None:
    """The decision on the terminal, unless a fault will tell it, and figures and page where a folder was named."""
    for line in (*(weighed["comparison"]["reasons"] if reasons else ()), *weighed["notes"]):
        print(line, file=sys.stderr)
    if out is not None:
        for path in write_versus(weighed, out):
            print(path)


def _named(one: Mapping[str, Any]) -> str:
    return f"{one['name']}@{one['version']}"
