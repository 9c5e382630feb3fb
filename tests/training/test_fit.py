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
from recipes.recipe import Preset
from tests.tiny import CANDIDATE
from training.augment import augment
from training.fit import Lesson, answers, fit


def preset(epochs: int) -> Preset:
    return Preset((CANDIDATE,), epochs=epochs, batch_size=8, learning_rate=3e-3)


def lesson(count: int = 48) -> Lesson:
    """Dark films with a bright upper or lower half: what augmentation does to exposure must not hide it."""
    random = np.random.default_rng(0)
    labels = random.integers(2, size=count)
    grey = random.uniform(0, 0.3, (count, 32, 32)).astype(np.float32)
    for film, label in zip(grey, labels, strict=True):
        film[slice(0, 16) if label else slice(16, 32)] += 0.5
    return Lesson(grey, labels)


def test_it_learns_what_is_there_to_learn(tmp_path: Path) -> None:
    taught = lesson()
    network = fit(CANDIDATE, preset(30), taught, 2, tmp_path, seed=0, init="scratch")
    logits, _ = answers(network, taught.grey, CANDIDATE.preprocess)
    assert (logits.argmax(1) == taught.labels).mean() > 0.9


def test_the_same_seed_gives_the_same_weights_and_another_others(tmp_path: Path) -> None:
    nets = [
        fit(CANDIDATE, preset(2), lesson(), 2, tmp_path / str(run), seed=seed, init="scratch").state_dict()
        for run, seed in enumerate((3, 3, 4))
    ]
    assert all(torch.equal(nets[0][key], nets[1][key]) for key in nets[0])
    assert not all(torch.equal(nets[0][key], nets[2][key]) for key in nets[0])


KILLED = """
import sys
sys.path[:0] = [{root!r}, {here!r}]
from pathlib import Path
import torch
torch.set_num_threads(1)
from test_fit import CANDIDATE, fit, lesson, preset
def tell(done, total):
    print("epoch", done, flush=True)
    if done == 3:
        import time
        time.sleep(60)
fit(CANDIDATE, preset(6), lesson(), 2, Path({folder!r}), seed=5, init="scratch", tell=tell)
"""


def test_a_run_killed_in_the_middle_ends_with_the_weights_it_would_have_had(tmp_path: Path) -> None:
    whole = fit(CANDIDATE, preset(6), lesson(), 2, tmp_path / "whole", seed=5, init="scratch").state_dict()
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
    resumed = fit(
        CANDIDATE, preset(6), lesson(), 2, folder, seed=5, init="scratch", tell=lambda done, _: seen.append(done)
    ).state_dict()
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
