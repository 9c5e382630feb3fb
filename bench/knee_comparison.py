"""What pixels of public knee films carry: the six networks of the knee study and MobileNetV2 under one protocol.

    python -m bench.knee_comparison [--preset demo|paper] [--repeats 1] [--init NAME=WEIGHTS ...] [--card FOLDER]

Three questions, each network asked all of them with the same films, folds and schedule: two classes on single knees
(knee_binary) split at random, as studies do; the same with all copies and crops of a film on one side; three classes on
whole films (knee_qus), copies on one side. Beside them regressions that see only size and contrast, or only age, and
each network joined with age, sex and BMI. Writes docs/evidence/knee_resnet.md. Stopped and run again, it goes on.
"""

import argparse
import json
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import torch
from sklearn.model_selection import ShuffleSplit, StratifiedGroupKFold
from tqdm import tqdm

from bench.section import write_section
from core.labels import CLASSES, NORMAL, OSTEOPOROSIS
from core.settings import ROOT, settings
from evidence.baselines import out_of_fold
from evidence.copies import contradictions, find_copies, groups
from evidence.metrics import classification
from imaging.preprocess import Preprocess
from models.bundle import amend, load
from models.initial import initialise
from models.networks import Classifier, build, freeze
from recipes.recipe import Candidate, Preset
from training.dataset import Dataset, gather
from training.fit import Schedule, answers, fit
from training.lesson import ClassLesson
from training.manifest import read_manifest

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
Array = npt.NDArray[np.float64]


def candidates(px: int, thin: bool) -> tuple[Candidate, ...]:
    """The networks of the study and MobileNetV2, in the size published or thinner."""
    inputs = Preprocess((px, px))
    fifty: dict[str, Any] = {"embedding_size": 16, "hidden_sizes": [48, 96, 192, 384], "depths": [3, 4, 6, 3]}
    eighteen: dict[str, Any] = {"layer_type": "basic", "depths": [2, 2, 2, 2]}
    eighteen |= {"embedding_size": 16, "hidden_sizes": [16, 32, 64, 128]} if thin else {
        "hidden_sizes": [64, 128, 256, 512]
    }  # fmt: skip
    vgg = {"width": 0.25, "hidden": 256} if thin else {}
    mobile = {"image_size": px, "classifier_dropout_prob": 0.2}
    return (
        Candidate("resnet50_fine_tuned", "resnet", inputs, fifty if thin else {}),
        Candidate("resnet50_frozen", "resnet", inputs, fifty if thin else {}, frozen=1.0),
        Candidate("vgg16_fine_tuned", "vgg16", inputs, vgg),
        Candidate("vgg16_frozen", "vgg16", inputs, vgg, frozen=1.0),
        Candidate("resnet18", "resnet", inputs, eighteen),
        Candidate("cnn3", "cnn3", inputs),
        Candidate("mobilenet_v2_fine_tuned", "mobilenet_v2", inputs, mobile, frozen=0.5),
        Candidate("mobilenet_v2_frozen", "mobilenet_v2", inputs, mobile, frozen=1.0),
    )


PRESETS = {
    "demo": Preset(candidates(96, thin=True), epochs=6, batch_size=16, learning_rate=1e-3),
    "paper": Preset(candidates(224, thin=False), epochs=40, batch_size=32, learning_rate=1e-4),
}


@dataclass(frozen=True, eq=False)
class Question:
    """Films, their classes, and how they are split. group: one number for all copies of a film [N]. rounds: lists of
    (learned from, answered) rows; within a round every row answered is answered once."""

    name: str
    title: str
    films: Dataset
    labels: tuple[str, ...]
    group: list[int]
    rounds: list[list[tuple[npt.NDArray[np.int64], npt.NDArray[np.int64]]]]


def questions(preset: Preset, repeats: int, tell: Callable[[str, int, int], None]) -> Iterator[Question]:
    """The three questions, of the films at hand."""
    data = settings().data
    two, three = (NORMAL, OSTEOPOROSIS), CLASSES
    for folder, labels in (("knee_binary", two), ("knee_qus", three)):
        manifest = read_manifest(data / folder / "manifest.csv", require_labels=True)
        films = gather(
            manifest, labels, preset.candidates, lambda done, all_, at=folder: tell(f"reading {at}", done, all_)
        )
        copies = find_copies(films.sketches, lambda done, all_, at=folder: tell(f"copies in {at}", done, all_))
        group = groups(len(films.examples), copies)
        if labels == two:
            # 298 / 37 / 37 of 372: a tenth answers; what such studies stop by is learned from here.
            splits = ShuffleSplit(max(2, repeats), test_size=0.1, random_state=0).split(films.labels)
            rounds = [[(np.asarray(learns), np.asarray(asked))] for learns, asked in splits]
            yield Question("random", "Single knees, two classes, split at random", films, labels, group, rounds)
        doubted = set(contradictions(group, [example.label for example in films.examples]))
        kept = [row for row in range(len(group)) if row not in doubted]
        films, group = films.without(sorted(doubted)), [group[row] for row in kept]
        rounds = [list(_folds(films.labels, group, repeat)) for repeat in range(repeats)]
        name, shown = (
            ("grouped", "Single knees, two classes") if labels == two else ("whole", "Whole films, three classes")
        )
        yield Question(name, f"{shown}, copies on one side", films, labels, group, rounds)


def _folds(
    labels: npt.NDArray[np.int64], group: Sequence[int], seed: int
) -> Iterator[tuple[npt.NDArray[np.int64], npt.NDArray[np.int64]]]:
    for learns, asked in StratifiedGroupKFold(5, shuffle=True, random_state=seed).split(labels, labels, group):
        yield np.asarray(learns), np.asarray(asked)


def taught(
    candidate: Candidate, preset: Preset, question: Question, learns: Sequence[int], init: str, seed: int, folder: Path
) -> Classifier:
    """One network, taught on some films of a question. Without weights to begin with, a frozen one keeps chance's."""
    torch.manual_seed(seed)
    network: Classifier = initialise(build(candidate.network, len(question.labels), candidate.options), init)
    freeze(network, candidate.frozen if init != "scratch" or candidate.frozen == 1.0 else 0.0)
    films, labels = question.films.grey[candidate.name][learns], question.films.labels[learns]
    lesson = ClassLesson(films, labels, len(question.labels), candidate.preprocess)
    return fit(network, lesson, Schedule.of(candidate, preset), folder, seed, pretrained=init != "scratch")


def answered(
    question: Question, preset: Preset, init: dict[str, str], folder: Path, tell: Callable[[str, int, int], None]
) -> dict[str, tuple[npt.NDArray[np.int64], Array]]:
    """By network: the rows that were asked, over all rounds, and the probabilities [n, K] it answered. Each part is
    kept on disk as it is done."""
    total = sum(map(len, question.rounds)) * len(preset.candidates)
    done, found = 0, {}
    for candidate in preset.candidates:
        first = init.get(candidate.name.removesuffix("_fine_tuned").removesuffix("_frozen"), "scratch")
        rows, shares = [], []
        for number, parts in enumerate(question.rounds):
            for part, (learns, asked) in enumerate(parts):
                kept = folder / question.name / candidate.name / f"{number}_{part}.npy"
                if not kept.exists():
                    network = taught(
                        candidate, preset, question, learns.tolist(), first, number, kept.with_suffix("")
                    )  # fmt: skip
                    logits, _ = answers(network, question.films.grey[candidate.name][asked], candidate.preprocess)
                    np.save(kept, torch.from_numpy(logits).softmax(1).numpy())
                    (kept.with_suffix("") / "last.ckpt").unlink(missing_ok=True)
                rows.append(asked)
                shares.append(np.load(kept).astype(np.float64))
                done += 1
                tell(f"{question.name}: {candidate.name}", done, total)
        found[candidate.name] = (np.concatenate(rows), np.concatenate(shares))
    return found


def without_pixels(question: Question) -> dict[str, tuple[npt.NDArray[np.int64], Array]]:
    """Regressions on what is no bone, asked for the same films: size and contrast; age; age, sex and BMI."""
    tables = {"size, mean and contrast alone": question.films.trivial}
    people = [example.clinical for example in question.films.examples]
    if all(one.age_years is not None and one.sex is not None and one.bmi is not None for one in people):
        known = np.array([[one.age_years, one.sex == "F", one.bmi] for one in people], float)
        tables |= {"age alone": known[:, :1], "age, sex and BMI alone": known}
    found = {}
    for name, table in tables.items():
        rows, shares = [], []
        for parts in question.rounds:
            for learns, asked in parts:
                both = np.concatenate([learns, asked])
                part = ["learns"] * len(learns) + ["asked"] * len(asked)
                answer = out_of_fold(table[both], question.films.labels[both], part, len(question.labels))
                rows.append(asked)
                shares.append(answer[len(learns) :])
        found[name] = (np.concatenate(rows), np.concatenate(shares))
    return found


def figures(question: Question, found: dict[str, tuple[npt.NDArray[np.int64], Array]]) -> dict[str, Any]:
    """Figures with 95 % intervals, bootstrap over distinct films; networks joined with the person where known."""
    person = found.get("age, sex and BMI alone")
    joined = {}
    if person is not None:
        for name, (rows, shares) in found.items():
            if "alone" not in name:
                product = shares * person[1]
                joined[f"{name} with age, sex and BMI"] = (rows, product / product.sum(1, keepdims=True))
    return {
        name: classification(
            question.films.labels[rows], shares, question.labels, [question.group[row] for row in rows]
        )
        for name, (rows, shares) in {**found, **joined}.items()
    }


def lines_of(question: Question, told: dict[str, Any], init: dict[str, str]) -> list[str]:
    """The table of one question."""
    distinct = len(set(question.group))
    positive = question.labels[-1]
    lines = [
        f"{len(question.group)} films, {distinct} distinct; {sum(map(len, question.rounds))} trainings a network.",
        "",
        f"| answer | first weights | accuracy | balanced accuracy | AUC of {positive} | published accuracy, % |",
        "|---|---|---|---|---|---|",
    ]
    for name, one in told.items():
        network = name.split(" ")[0]
        first = init.get(network.removesuffix("_fine_tuned").removesuffix("_frozen"))
        begun = "" if "alone" in name else Path(first).stem.replace("_", " ") if first else "none"
        published = PUBLISHED.get(name, "") if question.name == "random" else ""
        lines.append(
            f"| {name.replace('_', ' ')} | {begun} | {_told(one['accuracy'])} | {_told(one['balanced_accuracy'])} | "
            f"{_told(one['classes'][positive]['auc'])} | {published} |"
        )
    return lines


def _told(figure: dict[str, float | None]) -> str:
    if figure["value"] is None:
        return "not defined"
    return f"{figure['value']:.2f} ({figure['low']:.2f} to {figure['high']:.2f})"


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
        "--card", type=Path, metavar="FOLDER", help="a bundle that nobody reads with yet, to write it into"
    )
    asked = words.parse_args()
    preset = PRESETS[asked.preset]
    preset = replace(preset, epochs=asked.epochs or preset.epochs)
    init = dict(one.split("=", 1) for one in asked.init)
    if (settings().data / IMAGENET).exists():
        init = {"mobilenet_v2": str(settings().data / IMAGENET), **init}
    evidence, text = {}, []
    with tqdm(total=1, unit="") as bar:

        def tell(step: str, done: int, total: int) -> None:
            if bar.desc.rstrip(": ") != step or bar.total != total:
                bar.reset(total)
                bar.set_description(step)
            bar.update(done - bar.n)

        if not PAGE.exists():
            PAGE.write_text("# Knees: what the pixels carry\n\nWritten by `python -m bench.knee_comparison`.\n")
        for question in questions(preset, asked.repeats, tell):
            folder = asked.out / f"{asked.preset}_{preset.epochs}"
            found = {**answered(question, preset, init, folder, tell), **without_pixels(question)}
            evidence[question.name] = figures(question, found)
            lines = lines_of(question, evidence[question.name], init)
            write_section(PAGE, question.title, lines)
            text += [f"## {question.title}", "", *lines, ""]
    write_section(PAGE, "In plain words", verdict(evidence))
    (asked.out / "figures.json").write_text(json.dumps(evidence, indent=1) + "\n")
    if asked.card:
        bundle = load(asked.card)
        card = "\n".join([bundle.card.rstrip(), "", *text, *verdict(evidence), ""])
        amend(asked.card, {**bundle.evidence, "comparison": evidence}, card)


def verdict(evidence: dict[str, Any]) -> list[str]:
    """What follows from the figures, in sentences that the figures fill."""
    lines = []
    for name, told in evidence.items():
        networks = {
            one: values["balanced_accuracy"] for one, values in told.items() if "alone" not in one and "with" not in one
        }
        best = max(networks, key=lambda one: networks[one]["value"])
        plain = told["size, mean and contrast alone"]["balanced_accuracy"]
        beaten = "more than" if networks[best]["low"] > plain["value"] else "not surely more than"
        lines.append(
            f"- {TITLES[name]}: the best network ({best.replace('_', ' ')}) has a balanced accuracy of "
            f"{_told(networks[best])}, {beaten} size, mean and contrast alone ({_told(plain)})"
            + (f"; age alone has {_told(told['age alone']['balanced_accuracy'])}" if "age alone" in told else "")
            + "."
        )
    return lines


TITLES = {
    "random": "Single knees split at random, so that copies of a film stand on both sides",
    "grouped": "The same knees with copies on one side",
    "whole": "Whole films, three classes, copies on one side",
}

if __name__ == "__main__":
    main()
