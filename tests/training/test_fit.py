"""Training does what it says: it learns, and a killed run ends where it would have ended."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest
import torch

from core.settings import ROOT
from models.networks import Classifier, build
from tasks.augment import augment, draw_moves, move_points, revendor, warp
from tasks.classes.objective import ClassObjective
from tests.tiny import CANDIDATE
from training.fit import Schedule, answers, fit

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
    logits, _ = answers(learned, taught.films[0].numpy(), CANDIDATE.preprocess)
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
        while not (folder / "last.ckpt").exists() and time.monotonic() < deadline:
            time.sleep(0.1)
    finally:
        child.send_signal(signal.SIGKILL)
        child.wait()
    seen: list[int] = []
    resumed = fit(network(), lesson(), schedule(6), folder, seed=5, tell=lambda done, _: seen.append(done)).state_dict()
    assert seen[0] > 1
    assert seen[-1] == 6
    assert all(torch.equal(whole[key], resumed[key]) for key in whole)


@pytest.mark.parametrize("shape", [(4, 40, 40), (2, 64, 32)])
def test_augmented_films_stay_films_and_differ(shape: tuple[int, int, int]) -> None:
    grey = torch.rand(shape, generator=torch.Generator().manual_seed(0))
    one = augment(grey, torch.Generator().manual_seed(1))
    assert one.shape == grey.shape
    assert 0 <= one.min() <= one.max() <= 1
    assert torch.equal(one, augment(grey, torch.Generator().manual_seed(1)))
    assert not torch.equal(one, augment(grey, torch.Generator().manual_seed(2)))


def test_augmentation_never_mirrors() -> None:
    """A film bright on its left stays bright on its left, in every one of many draws."""
    grey = torch.zeros(200, 48, 48)
    grey[:, 8:40, 4:20] = 0.8
    drawn = augment(grey, torch.Generator().manual_seed(0))
    assert torch.all(drawn[:, :, :24].sum((1, 2)) > drawn[:, :, 24:].sum((1, 2)))


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
