"""Teaching one network from films. Resumes after a kill with the result it would have had."""

import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import lightning as pl
import numpy as np
import numpy.typing as npt
import torch
from lightning.pytorch.callbacks import Callback, ModelCheckpoint
from lightning.pytorch.loggers import CSVLogger
from torch import Tensor, nn
from torch.utils.data import DataLoader, TensorDataset

from core.radiograph import Pixels
from imaging.preprocess import Preprocess
from models.initial import initialise
from models.networks import Classifier, build, freeze, keep_statistics
from recipes.recipe import Candidate, Preset
from training.augment import augment

logging.getLogger("lightning.pytorch").setLevel(logging.WARNING)  # its tips and device tables are not news here

Tell = Callable[[int, int], None]  # epochs done, epochs in all


@dataclass(frozen=True)
class Lesson:
    """Films to learn from: grey [N, H, W] in 0..1 through the candidate's preprocessing, and label numbers [N]."""

    grey: Pixels
    labels: npt.NDArray[np.int64]


def fit(
    candidate: Candidate,
    preset: Preset,
    lesson: Lesson,
    label_count: int,
    folder: Path,
    seed: int,
    init: str,
    tell: Tell | None = None,
) -> Classifier:
    """Train for the preset's epochs and return the network in evaluation mode, on the CPU.

    There is no early stopping: choosing the epoch by films that are then scored would flatter the score.
    A checkpoint is written every epoch in `folder`; a killed run goes on from it, with the same draws.
    """
    pl.seed_everything(seed, verbose=False)
    network = initialise(build(candidate.network, label_count, candidate.options), init)
    if init != "scratch":
        freeze(network, candidate.frozen)
    module = _Fitting(network, candidate.preprocess, preset, lesson.labels, label_count, seed, init == "scratch")
    films = TensorDataset(torch.from_numpy(lesson.grey), torch.from_numpy(lesson.labels))
    loader = DataLoader(
        films,
        preset.batch_size,
        sampler=_Shuffled(len(films), seed, module),
        drop_last=len(films) > preset.batch_size,
    )
    trainer = pl.Trainer(
        max_epochs=preset.epochs,
        default_root_dir=folder,
        accelerator="auto",
        precision="bf16-mixed" if torch.cuda.is_available() else "32-true",
        logger=CSVLogger(folder, name="", version="curves"),
        callbacks=[
            ModelCheckpoint(folder, filename="last", save_weights_only=False, enable_version_counter=False),
            _Telling(tell),
        ],
        enable_progress_bar=False,
        enable_model_summary=False,
        log_every_n_steps=1,
        gradient_clip_val=1.0,
    )
    last = folder / "last.ckpt"
    trainer.fit(
        module, loader, ckpt_path=last if last.exists() else None, weights_only=False if last.exists() else None
    )
    return network.eval().cpu()


@torch.inference_mode()
def answers(network: Classifier, grey: Pixels, preprocess: Preprocess) -> tuple[npt.NDArray, npt.NDArray]:
    """Logits [N, K] and features [N, D] of films, one at a time, as reading does it."""
    outputs = [network(torch.from_numpy(preprocess.tensor(one))[None]) for one in grey]
    return (
        np.concatenate([output.logits.numpy() for output in outputs]),
        np.concatenate([output.features.numpy() for output in outputs]),
    )


class _Shuffled(torch.utils.data.Sampler[int]):
    """An order for each epoch that depends on seed and epoch alone, so that a resumed run sees the same one."""

    def __init__(self, count: int, seed: int, module: pl.LightningModule) -> None:
        self.count, self.seed, self.module = count, seed, module

    def __len__(self) -> int:
        return self.count

    def __iter__(self):  # type: ignore[no-untyped-def]
        random = torch.Generator().manual_seed(self.seed * 10_007 + self.module.current_epoch)
        yield from torch.randperm(self.count, generator=random).tolist()


class _Fitting(pl.LightningModule):
    def __init__(
        self,
        network: Classifier,
        preprocess: Preprocess,
        preset: Preset,
        labels: npt.NDArray[np.int64],
        label_count: int,
        seed: int,
        from_scratch: bool,
    ) -> None:
        super().__init__()
        self.network, self.preset, self.seed, self.from_scratch = network, preset, seed, from_scratch
        mean, std = (torch.tensor(values)[None, :, None, None] for values in (preprocess.mean, preprocess.std))
        self.mean, self.std = nn.Buffer(mean, persistent=False), nn.Buffer(std, persistent=False)
        counts = torch.bincount(torch.from_numpy(labels), minlength=label_count).clamp(min=1)
        weight = counts.sum() / counts  # each class is heard as much as the others, however rare
        self.loss = nn.CrossEntropyLoss(weight / weight.mean(), label_smoothing=0.05)

    def on_train_epoch_start(self) -> None:
        if not self.from_scratch:
            keep_statistics(self.network)

    def training_step(self, batch: Sequence[Tensor], _: int) -> Tensor:
        # Every step draws from its own number, so that a resumed run draws what the whole one would have drawn.
        random = torch.Generator().manual_seed(self.seed * 20_011 + self.global_step)
        torch.manual_seed(self.seed * 30_013 + self.global_step)  # dropout
        grey, labels = batch
        images = (augment(grey, random)[:, None] - self.mean) / self.std
        loss = self.loss(self.network(images).logits, labels)
        self.log("loss", loss, on_step=False, on_epoch=True)
        return loss

    def configure_optimizers(self):  # type: ignore[no-untyped-def]
        head = set(self.network.head.parameters())
        body = [weights for weights in self.network.parameters() if weights.requires_grad and weights not in head]
        rate = self.preset.learning_rate
        optimiser = torch.optim.AdamW(
            [{"params": body, "lr": rate}, {"params": list(head), "lr": rate * 5}],
            weight_decay=self.preset.weight_decay,
        )
        steps = int(self.trainer.estimated_stepping_batches)
        schedule = torch.optim.lr_scheduler.OneCycleLR(optimiser, [rate, rate * 5], total_steps=steps, pct_start=0.2)
        return {"optimizer": optimiser, "lr_scheduler": {"scheduler": schedule, "interval": "step"}}


class _Telling(Callback):
    def __init__(self, tell: Tell | None) -> None:
        self.tell = tell

    def on_train_epoch_end(self, trainer: pl.Trainer, pl_module: pl.LightningModule) -> None:
        if self.tell is not None:
            self.tell(trainer.current_epoch + 1, self._epochs(trainer))

    @staticmethod
    def _epochs(trainer: pl.Trainer) -> int:
        return int(trainer.max_epochs or 0)
