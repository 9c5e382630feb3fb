"""Commands about models: train, evaluate, list, show, promote."""

import argparse
from dataclasses import replace
from pathlib import Path

import learning
import reading
from commands.shared import Progress, WrongUse, no_bundle, pair, there
from recipes import learner
from recipes.facts import facts_of
from report.page import study_of
from report.page import write as write_page
from report.prognosis import write_prognosis
from report.summary import shelf_line

FAULTS: tuple[type[Exception], ...] = ()
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
    with Progress() as progress:
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
            from_bundle=arguments.from_bundle,
            freeze=arguments.freeze,
            virtual_share=arguments.virtual_share,
            epochs=arguments.epochs,
        )
    print(folder)


def evaluate(arguments: argparse.Namespace) -> None:
    """Measure a model on films not used in training: the figures as JSON, and a page with tables and plots."""
    there(arguments.data)
    if arguments.recipe == PROGNOSIS:
        _prognosis(arguments)
        return
    recipe = learner(arguments.recipe)
    bundle = arguments.bundle or recipe.bundle
    about = {f"{one['name']}@{one['version']}": one for one in reading.models()}.get(bundle or "")
    if about is None:
        raise WrongUse(no_bundle(bundle))
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
        raise WrongUse(no_bundle(arguments.name))
    print((Path(found[0]["folder"]) / "README.md").read_text(encoding="utf-8"))
