"""What pixels of public knee films carry: the six networks of the knee study and MobileNetV2 under one protocol.

    python -m bench.knee_comparison [--preset demo|paper] [--repeats 1] [--init NAME=WEIGHTS ...] [--as-it-stands]

Four questions, each network asked all of them with the same films, folds and schedule: two classes on single knees
(knee_binary) split at random, as studies do; the same with all copies and crops of a film on one side; three classes on
whole films (knee_qus), copies on one side; and the same with each knee read on its own and a film answered by the mean
of its knees. Beside them regressions that see only size and contrast, or only age, and each network joined with age,
sex and BMI. A frozen network's features are computed once, and a regression is its head. Writes
docs/evidence/knee_resnet.md. Stopped and run again, it goes on.
"""

import argparse
import json
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import torch
from tqdm import tqdm

from bench.knee_questions import Array, Question, Rows, Tell, questions
from bench.section import write_section
from core.settings import ROOT, settings
from evidence.statistics.baselines import out_of_fold
from evidence.statistics.metrics import classification
from imaging.preprocess import Preprocess
from models import registry
from models.bundle import amend, describe
from models.initial import initialise
from models.networks import Classifier, build, freeze
from recipes.facts import facts_of
from recipes.knee_finder import FINDER
from report.card import model_card
from tasks.classes.head import regression
from tasks.classes.objective import ClassObjective
from tasks.forward import forward
from tasks.part import Candidate, Preset
from training.fit import Schedule, fit

CPU = torch.device("cpu")
PAGE = ROOT / "docs/evidence/knee_resnet.md"
IMAGENET = "weights/mobilenet_v2_imagenet.safetensors"  # under the setting `data`
PUBLISHED = {
    "resnet50_fine_tuned": 90,
    "resnet50_frozen": 83,
    "vgg16_fine_tuned": 88,
    "vgg16_frozen": 80,
    "resnet18": 79,
    "cnn3": 66,
}  # per cent of 37 test films, split at random: Sci. Rep. 2025, s41598-025-24338-4
TITLES = {
    "random": "Single knees, two classes, split at random",
    "grouped": "Single knees, two classes, copies on one side",
    "whole": "Whole films, three classes, copies on one side",
    "apart": "Each knee read on its own, three classes, copies on one side",
}
PLAIN = "In plain words"
HEAD = """# Knees: what the pixels carry

Written by `python -m bench.knee_comparison`. With the preset `demo` ResNet and VGG are thinner than those published,
and a network without first weights begins from chance, frozen ones too; `--preset paper --init resnet50=FILE` asks the
study's own. Figures stand with their 95 % interval, by bootstrap over distinct films.
"""
Answers = tuple[npt.NDArray[np.int64], Array]  # rows, and their probabilities


def candidates(px: int, frozen_px: int, thin: bool) -> tuple[Candidate, ...]:
    """The networks of the study and MobileNetV2, in the size published or thinner. frozen_px: what frozen ones are
    shown, whose features are computed once."""
    inputs, larger = Preprocess((px, px)), Preprocess((frozen_px, frozen_px))
    fifty: dict[str, Any] = {"embedding_size": 16, "hidden_sizes": [48, 96, 192, 384], "depths": [3, 4, 6, 3]}
    eighteen: dict[str, Any] = {"layer_type": "basic", "depths": [2, 2, 2, 2]}
    eighteen |= {"embedding_size": 16, "hidden_sizes": [16, 32, 64, 128]} if thin else {
        "hidden_sizes": [64, 128, 256, 512]
    }  # fmt: skip
    vgg = {"width": 0.25, "hidden": 256} if thin else {}
    mobile = {"image_size": px, "classifier_dropout_prob": 0.2}
    return (
        Candidate("resnet50_fine_tuned", "resnet", inputs, fifty if thin else {}),
        Candidate("resnet50_frozen", "resnet", larger, fifty if thin else {}, frozen=1.0),
        Candidate("vgg16_fine_tuned", "vgg16", inputs, vgg),
        Candidate("vgg16_frozen", "vgg16", larger, vgg, frozen=1.0),
        Candidate("resnet18", "resnet", inputs, eighteen),
        Candidate("cnn3", "cnn3", inputs),
        Candidate("mobilenet_v2_fine_tuned", "mobilenet_v2", inputs, mobile, frozen=0.5, learning_rate=3e-4),
        Candidate("mobilenet_v2_frozen", "mobilenet_v2", larger, mobile, frozen=1.0),
    )


NETWORKS = {"demo": candidates(112, 224, thin=True), "paper": candidates(224, 224, thin=False)}
PRESETS = {
    "demo": Preset(epochs=12, batch_size=16, learning_rate=1e-3),
    "paper": Preset(epochs=40, batch_size=32, learning_rate=1e-4),
}


def begun(candidate: Candidate, labels: int, init: str, seed: int) -> Classifier:
    """A network with its first weights; without any, a frozen one keeps chance's."""
    torch.manual_seed(seed)
    network: Classifier = initialise(build(candidate.network, labels, candidate.options), init)
    freeze(network, candidate.frozen if init != "scratch" else 0.0)
    return network


def taught(
    candidate: Candidate, preset: Preset, question: Question, parts: Rows, init: str, seed: int, folder: Path
) -> Array:
    """One network, taught on some films of a question: its probabilities [n, K] for the others."""
    films, (learns, asked) = question.films, parts
    grey = films.shown_to(candidate)
    lesson = ClassObjective(grey[learns], films.labels[learns], len(question.labels), candidate.preprocess)
    network = begun(candidate, len(question.labels), init, seed)
    network = fit(network, lesson, Schedule.of(candidate, preset), folder, seed, pretrained=init != "scratch")
    (folder / "last.ckpt").unlink(missing_ok=True)
    return _shares(forward(network, grey[asked], candidate.preprocess, CPU)[0])


def read_by_head(features: Array, question: Question, parts: Rows) -> Array:
    """A frozen network's head alone: a regression on its features [N, D], which are computed once, as strict as serves
    best within what is learned from. Its probabilities [n, K] for the others."""
    learns, asked = parts
    films = question.films
    told = regression(features[learns], films.labels[learns], films.group[learns])
    return np.asarray(told.predict_proba(features[asked]))


def _shares(logits: npt.NDArray[np.floating]) -> Array:
    return torch.from_numpy(logits).double().softmax(1).numpy()


def answered(
    question: Question,
    networks: Sequence[Candidate],
    preset: Preset,
    init: dict[str, str],
    folder: Path,
    tell: Tell,
    new: bool = True,
) -> dict[str, Answers]:
    """By network: the rows that were asked, over all rounds, and the probabilities [n, K] it answered. Each part is
    kept on disk as it is done. new: whether what is not there yet is taught; without, networks not done are left out.
    """
    total = sum(map(len, question.rounds)) * len(networks)
    done, found = 0, {}
    for candidate in networks:
        first = first_weights(candidate.name, init)
        at, features = folder / question.name / candidate.name, None
        rows: list[npt.NDArray[np.int64]] = []
        shares: list[Array] = []
        for number, parts in ((number, parts) for number, one in enumerate(question.rounds) for parts in one):
            kept = at / f"{len(rows)}.npy"
            if not kept.exists() and new:
                at.mkdir(parents=True, exist_ok=True)
                if candidate.frozen == 1.0:
                    if features is None:
                        network = begun(candidate, len(question.labels), first, 0).eval()
                        grey = question.films.shown_to(candidate)
                        features = forward(network, grey, candidate.preprocess, CPU)[1].astype(np.float64)
                    told = read_by_head(features, question, parts)
                else:
                    told = taught(candidate, preset, question, parts, first, number, kept.with_suffix(""))
                np.save(kept, told)
            if not kept.exists():
                break
            rows.append(parts[1])
            shares.append(np.load(kept))
            done += 1
            tell(f"{question.name}: {candidate.name}", done, total)
        else:
            found[candidate.name] = (np.concatenate(rows), np.concatenate(shares))
    return found


def first_weights(candidate: str, init: dict[str, str]) -> str:
    """Where a candidate begins: `scratch` where nobody names weights for its network."""
    return init.get(candidate.removesuffix("_fine_tuned").removesuffix("_frozen"), "scratch")


def without_pixels(question: Question) -> dict[str, Answers]:
    """Regressions on what is no bone, asked for the same films: size and contrast; age; age, sex and BMI."""
    films = question.films
    tables = {"size, mean and contrast alone": films.trivial}
    if not np.isnan(films.people).any():
        tables |= {"age alone": films.people[:, :1], "age, sex and BMI alone": films.people}
    found = {}
    for name, table in tables.items():
        rows: list[npt.NDArray[np.int64]] = []
        shares: list[Array] = []
        for learns, asked in (parts for one in question.rounds for parts in one):
            both = np.concatenate([learns, asked])
            part = ["learns"] * len(learns) + ["asked"] * len(asked)
            answer = out_of_fold(table[both], films.labels[both], part, len(question.labels))
            rows.append(asked)
            shares.append(answer[len(learns) :].astype(np.float64))
        found[name] = (np.concatenate(rows), np.concatenate(shares))
    return found


def figures(question: Question, found: dict[str, Answers]) -> dict[str, Any]:
    """Figures with 95 % intervals, bootstrap over distinct films; networks joined with the person where known; knees of
    one film joined to its answer."""
    person = found.get("age, sex and BMI alone")
    joined = {}
    if person is not None:
        for name, (rows, shares) in found.items():
            if "alone" not in name:
                product = shares * person[1]
                joined[f"{name} with age, sex and BMI"] = (rows, product / product.sum(1, keepdims=True))
    films, told = question.films, {}
    size = sum(len(asked) for _, asked in question.rounds[0])
    for name, (rows, shares) in {**found, **joined}.items():
        # A film is answered once a round: its rows there are its knees.
        of_round = np.arange(len(rows)) // size
        _, first, film = np.unique(
            np.stack([of_round, films.film[rows]]), axis=1, return_index=True, return_inverse=True
        )
        whole = np.zeros((len(first), shares.shape[1]))
        np.add.at(whole, film.ravel(), shares)
        whole /= whole.sum(1, keepdims=True)
        told[name] = classification(
            films.labels[rows][first], whole, question.labels, films.group[rows][first].tolist()
        )
    return told


def lines_of(question: Question, told: dict[str, Any], init: dict[str, str]) -> list[str]:
    """The table of one question."""
    films, positive = question.films, question.labels[-1]
    counts = np.bincount(films.labels[np.unique(films.film, return_index=True)[1]])
    shown = ", ".join(f"{count} {label}" for count, label in zip(counts, question.labels, strict=True))
    knees = f" with {len(films.film)} knees" if len(films.film) > len(set(films.film.tolist())) else ""
    asked = sum(map(len, question.rounds))
    lines = [
        f"{len(set(films.film.tolist()))} films ({shown}){knees}, {len(set(films.group.tolist()))} distinct; {asked} "
        f"trainings a network." + ("" if "age alone" in told else " The set tells neither age nor sex nor BMI."),
        "",
        f"| answer | first weights | accuracy | balanced accuracy | AUC of {positive} | published accuracy, % |",
        "|---|---|---|---|---|---|",
    ]
    for name, one in told.items():
        network = name.split(" ")[0]
        first = first_weights(network, init)
        begun_with = "" if "alone" in name else "none" if first == "scratch" else Path(first).stem.replace("_", " ")
        published = PUBLISHED.get(name, "") if question.name == "random" else ""
        lines.append(
            f"| {name.replace('_', ' ')} | {begun_with} | {_told(one['accuracy'])} | "
            f"{_told(one['balanced_accuracy'])} | {_told(one['classes'][positive]['auc'])} | {published} |"
        )
    return lines


def _told(figure: dict[str, float | None]) -> str:
    if figure["value"] is None:
        return "not defined"
    return f"{figure['value']:.2f} ({figure['low']:.2f} to {figure['high']:.2f})"


def verdict(evidence: dict[str, Any]) -> list[str]:
    """What follows from the figures, in sentences that the figures fill."""
    lines = []
    for name, told in evidence.items():
        networks = {
            one: values["balanced_accuracy"] for one, values in told.items() if "alone" not in one and "with" not in one
        }
        if not networks:
            continue
        best = max(networks, key=lambda one: networks[one]["value"])
        plain = told["size, mean and contrast alone"]["balanced_accuracy"]
        beaten = "more than" if networks[best]["low"] > plain["value"] else "not surely more than"
        lines.append(
            f"- {TITLES[name]}: the best of {len(networks)} networks ({best.replace('_', ' ')}) has a balanced "
            f"accuracy of {_told(networks[best])}, {beaten} size, mean and contrast alone ({_told(plain)})"
            + (f"; age alone has {_told(told['age alone']['balanced_accuracy'])}" if "age alone" in told else "")
            + ". The best of several is chosen by these very films, which flatters it."
        )
    return lines


def main() -> None:
    words = argparse.ArgumentParser(description=__doc__)
    words.add_argument("--preset", choices=list(PRESETS), default="demo")
    words.add_argument(
        "--repeats", type=int, default=1, help="of the five folds; a random split is made twice at least"
    )
    words.add_argument("--epochs", type=int, help="instead of the preset's")
    words.add_argument("--init", action="append", default=[], metavar="NAME=WEIGHTS", help="resnet50=FILE, say")
    words.add_argument("--out", type=Path, default=ROOT / "runs/knee_comparison")
    words.add_argument(
        "--as-it-stands", action="store_true", help="teach nothing more; write the page of what is done so far"
    )
    words.add_argument(
        "--card", type=Path, metavar="FOLDER", help="a bundle that nobody reads with yet, to write it into"
    )
    asked = words.parse_args()
    preset, networks = PRESETS[asked.preset], NETWORKS[asked.preset]
    preset = replace(preset, epochs=asked.epochs or preset.epochs)
    init = dict(one.split("=", 1) for one in asked.init)
    if (settings().data / IMAGENET).exists():
        init = {"mobilenet_v2": str(settings().data / IMAGENET), **init}
    finder = registry.find(FINDER, settings().weights) if registry.has(FINDER, settings().weights) else None
    inputs = max((one.preprocess for one in networks), key=lambda one: one.size)
    folder = asked.out / f"{asked.preset}_{preset.epochs}"
    torch.set_num_threads(1)
    evidence = {}
    with tqdm(total=1, unit="") as bar:

        def tell(step: str, done: int, total: int) -> None:
            if bar.desc.rstrip(": ") != step or bar.total != total:
                bar.reset(total)
                bar.set_description(step)
            bar.update(done - bar.n)

        if not PAGE.exists():
            PAGE.write_text(HEAD)
            write_section(PAGE, PLAIN, ["Not known before every question was asked."])  # it stands first
        for question in questions(inputs, asked.repeats, finder, asked.out / f"films_{inputs.size[0]}", tell):
            found = answered(question, networks, preset, init, folder, tell, new=not asked.as_it_stands)
            evidence[question.name] = figures(question, {**found, **without_pixels(question)})
            write_section(PAGE, TITLES[question.name], lines_of(question, evidence[question.name], init))
    write_section(PAGE, PLAIN, verdict(evidence))
    asked.out.mkdir(parents=True, exist_ok=True)
    (asked.out / "figures.json").write_text(json.dumps(evidence, indent=1) + "\n")
    if asked.card:
        about = describe(asked.card)
        measured = {**about["evidence"], "comparison": evidence}
        amend(asked.card, measured, model_card(facts_of(about), measured))


if __name__ == "__main__":
    main()
