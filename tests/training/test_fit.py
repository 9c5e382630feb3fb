"""Training does what it says: it learns, and a killed run ends where it would have ended."""

import csv
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import torch

from core.settings import ROOT
from models.networks import Classifier, build
from tasks.augment import draw_moves, move_points, revendor, warp
from tasks.classes.objective import ClassObjective
from tasks.forward import forward
from tests.tiny import CANDIDATE
from training.fit import Schedule, fit

RESNET = {"embedding_size": 8, "hidden_sizes": [8, 16], "depths": [1, 1]}


def schedule(epochs: int) -> Schedule:
    return Schedule(epochs, batch_size=8, learning_rate=3e-3)


def network(seed: int = 0) -> Classifier:
    torch.manual_seed(seed)
    return build(CANDIDATE.network, 2, CANDIDATE.options)


def lesson(count: int = 48) -> ClassObjective:
    """Dark films with a bright upper or lower half: what augmentation does to exposure must not hide it."""
    random = np.random.default_rng(0)
    labels = random.integers(2, size=count)
    grey = random.uniform(0, 0.3, (count, 32, 32)).astype(np.float32)
    for film, label in zip(grey, labels, strict=True):
        film[slice(0, 16) if label else slice(16, 32)] += 0.5
    return ClassObjective(np.round(grey * 255).astype(np.uint8), labels, 2, CANDIDATE.preprocess)


def test_it_learns_what_is_there_to_learn(tmp_path: Path) -> None:
    taught = lesson()
    learned = fit(network(), taught, schedule(30), tmp_path, seed=0)
    logits, _ = forward(learned, taught.films[0].numpy(), CANDIDATE.preprocess, torch.device("cpu"))
    assert (logits.argmax(1) == taught.films[1].numpy()).mean() > 0.9


def test_the_same_seed_gives_the_same_weights_and_another_others(tmp_path: Path) -> None:
    nets = [
        fit(network(seed), lesson(), schedule(2), tmp_path / str(run), seed=seed).state_dict()
        for run, seed in enumerate((3, 3, 4))
    ]
    assert all(torch.equal(nets[0][key], nets[1][key]) for key in nets[0])
    assert not all(torch.equal(nets[0][key], nets[2][key]) for key in nets[0])


def test_a_guided_network_learns_with_the_statistics_of_its_batches(tmp_path: Path) -> None:
    films, labels = (one.numpy() for one in lesson().films[:2])
    guided = ClassObjective(films, labels, 2, CANDIDATE.preprocess, guide=labels[:, None].astype(float))
    torch.manual_seed(0)
    learned = fit(build("resnet", 2, RESNET), guided, schedule(1), tmp_path, seed=0)
    counted = [module.num_batches_tracked for module in learned.modules() if isinstance(module, torch.nn.BatchNorm2d)]
    assert counted
    assert all(int(batches) == 6 for batches in counted)  # 48 films, 8 at a time


KILLED = """
import sys
sys.path[:0] = [{root!r}, {here!r}]
from collections.abc import Callable
from pathlib import Path
import torch
torch.set_num_threads(1)
from test_fit import fit, lesson, network, schedule
def tell(done, total):
    print("epoch", done, flush=True)
    if done == 3:
        import time
        time.sleep(60)
fit(network(), lesson(), schedule(6), Path({folder!r}), seed=5, tell=tell)
"""


def test_a_run_killed_in_the_middle_ends_with_the_weights_it_would_have_had(tmp_path: Path) -> None:
    whole = fit(network(), lesson(), schedule(6), tmp_path / "whole", seed=5).state_dict()
    folder = tmp_path / "killed"
    code = KILLED.format(root=str(ROOT), here=str(Path(__file__).parent), folder=str(folder))
    child = subprocess.Popen(
        [sys.executable, "-c", code], stdout=subprocess.PIPE, text=True, env={**os.environ, "OMP_NUM_THREADS": "1"}
    )
    assert child.stdout is not None
    try:
        for line in child.stdout:
            if line.strip() == "epoch 3":
                break
        deadline = time.monotonic() + 30
        while not any(folder.glob("*/last.ckpt")) and time.monotonic() < deadline:
            time.sleep(0.1)
    finally:
        child.send_signal(signal.SIGKILL)
        child.wait()
    seen: list[int] = []
    resumed = fit(network(), lesson(), schedule(6), folder, seed=5, tell=lambda done, _: seen.append(done)).state_dict()
    assert seen[0] > 1
    assert seen[-1] == 6
    assert all(torch.equal(whole[key], resumed[key]) for key in whole)


def test_training_stops_when_the_films_held_out_have_had_enough(tmp_path: Path) -> None:
    """Labels that mean nothing: the held-out loss cannot go on falling."""
    random = np.random.default_rng(1)
    films = random.integers(0, 255, (32, 32, 32), dtype=np.uint8)
    noise = ClassObjective(films, random.integers(2, size=32), 2, CANDIDATE.preprocess)
    watch = ClassObjective(films[::-1].copy(), random.integers(2, size=32), 2, CANDIDATE.preprocess)
    epochs: list[int] = []
    patient = Schedule(40, batch_size=8, learning_rate=3e-3, patience=2)
    fit(network(), noise, patient, tmp_path, seed=0, watch=watch, tell=lambda done, _: epochs.append(done))
    assert 3 <= len(epochs) < 40


def test_films_may_be_made_anew_for_every_epoch(tmp_path: Path) -> None:
    asked: list[int] = []

    def of_epoch(epoch: int) -> ClassObjective:
        asked.append(epoch)
        return lesson(24)

    fit(network(), of_epoch, schedule(3), tmp_path, seed=0)
    assert asked == [0, 1, 2]


def test_a_point_moves_with_the_film_it_is_on() -> None:
    films = torch.zeros(20, 1, 64, 64)
    films[:, :, 20:23, 40:43] = 1
    point = torch.tensor([41.5, 21.5]) / 64
    moves = draw_moves(20, torch.Generator().manual_seed(0), turn=20.0, scale=(0.8, 1.3), shift=0.2)
    moved = move_points(point.expand(20, 1, 2), moves)[:, 0] * 64
    for film, (x, y) in zip(warp(films, moves, (64, 64))[:, 0], moved.tolist(), strict=True):
        row, column = divmod(int(film.argmax()), 64)
        assert abs(column + 0.5 - x) < 2
        assert abs(row + 0.5 - y) < 2


def test_another_vendor_keeps_what_is_brighter_brighter_on_the_whole() -> None:
    ramp = torch.linspace(0.1, 0.9, 64).expand(40, 64, 64).clone()
    seen = revendor(ramp, torch.Generator().manual_seed(0))
    assert 0 <= seen.min() <= seen.max() <= 1
    assert torch.all(seen[:, :, 48:].mean((1, 2)) > seen[:, :, :16].mean((1, 2)))
    assert not torch.equal(seen, ramp)


def same(one: Classifier, other: Classifier) -> bool:
    mine, theirs = one.state_dict(), other.state_dict()
    return all(torch.equal(mine[name], theirs[name]) for name in mine)


def other_films() -> ClassObjective:
    """The same films under each other's labels."""
    films, labels = (one.numpy() for one in lesson().films[:2])
    return ClassObjective(films, 1 - labels, 2, CANDIDATE.preprocess)


OTHERWISE = {
    "other films": {"objective": other_films},
    "another schedule": {"schedule": lambda: Schedule(2, batch_size=8, learning_rate=1e-3)},
    "another seed": {"seed": lambda: 6},
    "other first weights": {"network": lambda: network(9)},
    "pretrained": {"pretrained": lambda: True},
    "other settings of the objective": {"objective": lambda: _toned(0.5)},
    "other films held out": {"watch": other_films},
    "another key": {"key": lambda: "b.csv"},
}


def _toned(tone: float) -> ClassObjective:
    films, labels = (one.numpy() for one in lesson().films[:2])
    return ClassObjective(films, labels, 2, CANDIDATE.preprocess, tone=tone)


@pytest.mark.parametrize("changed", OTHERWISE)
def test_a_run_with_anything_else_never_goes_on_from_the_one_in_its_folder(changed: str, tmp_path: Path) -> None:
    given = {"network": network, "objective": lesson, "schedule": lambda: schedule(2), "seed": lambda: 5}
    otherwise = {**given, **OTHERWISE[changed]}
    fit(**{name: make() for name, make in given.items()}, folder=tmp_path / "run")  # type: ignore[arg-type]
    told: list[int] = []
    after, alone = (
        fit(
            **{name: make() for name, make in otherwise.items()},  # type: ignore[arg-type]
            folder=folder,
            tell=lambda done, _: told.append(done),
        )
        for folder in (tmp_path / "run", tmp_path / "alone")
    )
    assert told == [1, 2, 1, 2]
    assert same(after, alone)


def test_the_same_run_again_is_not_trained_again(tmp_path: Path) -> None:
    one = fit(network(), lesson(), schedule(2), tmp_path, seed=5)
    again = fit(network(), lesson(), schedule(2), tmp_path, seed=5, tell=lambda *_: pytest.fail("trained again"))
    assert same(one, again)


def patient_run(folder: Path, tell: Callable[[int, int], None] | None = None) -> Classifier:
    """One that learns the noise of its films, which soon costs it on those held out."""
    random = np.random.default_rng(1)
    films = random.integers(0, 255, (32, 32, 32), dtype=np.uint8)
    noise = ClassObjective(films, random.integers(2, size=32), 2, CANDIDATE.preprocess)
    watch = ClassObjective(films[::-1].copy(), random.integers(2, size=32), 2, CANDIDATE.preprocess)
    return fit(network(), noise, Schedule(40, 8, 3e-3, patience=3), folder, seed=0, watch=watch, tell=tell)


def test_training_that_stops_early_keeps_the_weights_with_the_least_loss(tmp_path: Path) -> None:
    learned = patient_run(tmp_path)
    (table,) = tmp_path.glob("*/curves/metrics.csv")
    losses = [float(row["watched_loss"]) for row in csv.DictReader(table.open()) if row["watched_loss"]]
    assert losses.index(min(losses)) == len(losses) - 1 - 3
    random = np.random.default_rng(1)
    films = random.integers(0, 255, (32, 32, 32), dtype=np.uint8)
    random.integers(2, size=32)
    watch = ClassObjective(films[::-1].copy(), random.integers(2, size=32), 2, CANDIDATE.preprocess)
    batches = [[one[at : at + 8] for one in watch.films] for at in range(0, 32, 8)]
    with torch.inference_mode():
        now = np.mean([float(watch.loss(learned, one, torch.Generator(), vary=False)) for one in batches])
    assert now == pytest.approx(min(losses), abs=1e-4)


@pytest.mark.parametrize("at", [1, 3])
def test_a_patient_run_killed_in_the_middle_ends_with_the_weights_it_would_have_had(at: int, tmp_path: Path) -> None:
    epochs: list[int] = []
    whole = patient_run(tmp_path / "whole", lambda done, _: epochs.append(done))
    assert len(epochs) > at

    def die(done: int, _: int) -> None:
        if done == at:
            raise InterruptedError

    with pytest.raises(InterruptedError):
        patient_run(tmp_path / "killed", die)
    resumed: list[int] = []
    assert same(patient_run(tmp_path / "killed", lambda done, _: resumed.append(done)), whole)
    assert resumed == list(range(at, len(epochs) + 1))
    assert same(patient_run(tmp_path / "killed", lambda *_: pytest.fail("trained on after it had stopped")), whole)
