"""Teach one network with Lightning. Killed and started again, it ends with the weights it would have had."""

import json
import logging
import math
import platform
import warnings
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, is_dataclass
from importlib.metadata import version as version_of
from pathlib import Path
from typing import TypeVar

import lightning.pytorch as pl
import numpy as np
import torch
from lightning.pytorch.callbacks import Callback, EarlyStopping, EMAWeightAveraging, ModelCheckpoint
from lightning.pytorch.loggers import CSVLogger
from torch import Tensor
from torch.utils.data import DataLoader, TensorDataset

from models.networks import Network, keep_statistics
from tasks.objective import Objective
from tasks.part import Candidate, Preset
from training.device import device, has_bfloat16, lightning_device
from training.run_key import run_key

logging.getLogger("lightning.pytorch").setLevel(logging.WARNING)  # its tips and device tables are not news here

Tell = Callable[[int, int], None]  # epochs done, epochs in all
Note = Callable[[float, int, Mapping[str, float]], None]  # core.system.watch.Watch, of this network
WATCHED = "watched_loss"  # on the films held out
FIGURE = "figure_"  # what names of other figures on them begin with
BEST = "best.ckpt"
Taught = TypeVar("Taught", bound=Network)


@dataclass(frozen=True)
class Schedule:
    """How long and how fast a network learns. patience, averaged: see recipes.Preset. gentle: whether it goes on with
    what it answers already: its head learns no faster than the rest, and all its batch statistics stay."""

    epochs: int
    batch_size: int
    learning_rate: float
    weight_decay: float = 1e-4
    patience: int | None = None
    averaged: bool = False
    gentle: bool = False

    @classmethod
    def of(cls, candidate: Candidate, preset: Preset) -> "Schedule":
        """The preset's, but for what the candidate has of its own."""
        return cls(
            candidate.epochs or preset.epochs,
            candidate.batch_size or preset.batch_size,
            candidate.learning_rate or preset.learning_rate,
            preset.weight_decay,
            preset.patience,
            preset.averaged,
        )


def fit(
    network: Taught,
    objective: Objective | Callable[[int], Objective],
    schedule: Schedule,
    folder: Path,
    seed: int,
    watch: Objective | None = None,
    pretrained: bool = False,
    tell: Tell | None = None,
    key: str = "",
    note: Note | None = None,
) -> Taught:
    """Train and return the network in evaluation mode, on the CPU. It runs on the device that OSTEOLENS_DEVICE names.

    objective: the films and what an answer costs, or a function that makes those of an epoch. watch: films held out,
    whose loss is written down each epoch; never those that give a published figure. With the schedule's patience the
    network with the least such loss is returned, and training stops when it has not fallen for so many epochs.
    pretrained: the first weights were learned elsewhere: their batch statistics stay, and the head learns faster.

    A folder within `folder`, named by a key of everything the run was given (first weights, films and settings of the
    objective and of the films held out, schedule, seed), receives `run.json`, curves, and checkpoints: a run that was
    killed goes on from them, draws and all, and a run with anything else never does. key: what more belongs to it, for
    an objective that makes its films: those of the first epoch are in the key anyway. note: is told of every batch, and
    of the losses and figures of every epoch.
    """
    pl.seed_everything(seed, verbose=False)
    first = objective if isinstance(objective, Objective) else objective(0)
    held = None if watch is None else (type(watch).__name__, settings_of(watch))
    given = type(first).__name__, settings_of(first), isinstance(objective, Objective), held, schedule, seed, pretrained
    folder = folder / run_key(network, given, key)
    folder.mkdir(parents=True, exist_ok=True)
    on = device()
    (folder / "run.json").write_text(json.dumps(_about(schedule, seed, on), indent=1) + "\n")
    first.ready(network)
    network.train()  # a lesson may have looked at it in evaluation mode, and Lightning leaves the mode as it finds it
    # Convolutions of few channels run up to 1.6 times as fast on CPUs. torch's own types know no module for this.
    network.to(memory_format=torch.channels_last)  # type: ignore[call-overload]
    module = _Fitting(network, first, schedule, seed, watch, pretrained)
    trainer = pl.Trainer(
        max_epochs=schedule.epochs,
        default_root_dir=folder,
        **lightning_device(on),
        precision="bf16-mixed" if has_bfloat16(on) else "32-true",
        logger=CSVLogger(folder, name="", version="curves"),
        callbacks=[
            _Telling(tell, note),
            *([EMAWeightAveraging(decay=0.99)] if schedule.averaged else []),
            *(_keep_best(folder, schedule.patience) if watch and schedule.patience else []),
            # After the others, so that it holds what they know of this epoch.
            ModelCheckpoint(
                folder, "last", save_weights_only=False, enable_version_counter=False, save_on_train_epoch_end=True
            ),
        ],
        enable_progress_bar=False,
        enable_model_summary=False,
        log_every_n_steps=1,
        gradient_clip_val=1.0,
        reload_dataloaders_every_n_epochs=0 if isinstance(objective, Objective) else 1,
    )
    last, finished = folder / "last.ckpt", folder / "finished"
    if not finished.exists():  # one that stopped early would train an epoch more each time it is asked for again
        with warnings.catch_warnings():  # that the folder is not empty, and of Lightning's own calls
            warnings.filterwarnings("ignore", "Checkpoint directory .* exists and is not empty")
            warnings.filterwarnings("ignore", "Experiment logs directory .* exists and is not empty")
            warnings.filterwarnings("ignore", ".*LeafSpec")
            trainer.fit(
                module,
                datamodule=_Films(objective, first, watch, schedule.batch_size, seed),
                ckpt_path=last if last.exists() else None,
                weights_only=False if last.exists() else None,
            )
    if watch and schedule.patience:
        finished.touch()
        best = torch.load(folder / BEST, map_location="cpu", weights_only=False)
        module.cpu().load_state_dict(best["state_dict"])
    return network.eval().cpu()


def _keep_best(folder: Path, patience: int) -> list[Callback]:
    """Stop when the loss on the films held out has not fallen for so many epochs, and keep the weights with the least.

    Lightning's stopping alone keeps the last weights: `patience` epochs past the best, and within a one-cycle schedule
    while the learning rate is still high.
    """
    return [
        EarlyStopping(WATCHED, patience=patience, check_on_train_epoch_end=True),
        ModelCheckpoint(
            folder, Path(BEST).stem, monitor=WATCHED, enable_version_counter=False, save_on_train_epoch_end=True
        ),
    ]


def settings_of(objective: Objective) -> dict[str, object]:
    """Everything of an objective that is not drawn from the seed: its films, buffers and plain settings."""
    known = {name: value for name, value in vars(objective).items() if not name.startswith("_")}
    plain = {name: value for name, value in known.items() if _is_plain(value)}
    return {**plain, **dict(objective.named_buffers())}


def _is_plain(value: object) -> bool:
    if isinstance(value, list | tuple):
        return all(map(_is_plain, value))
    return isinstance(value, str | int | float | Tensor | np.ndarray | None) or is_dataclass(value)


class _Films(pl.LightningDataModule):
    """The films of an epoch in an order that depends on seed and epoch alone, so that a resumed run sees the same."""

    def __init__(
        self,
        objective: Objective | Callable[[int], Objective],
        first: Objective,
        watch: Objective | None,
        batch_size: int,
        seed: int,
    ) -> None:
        super().__init__()
        self.objective, self.first, self.watch, self.batch_size, self.seed = objective, first, watch, batch_size, seed

    def train_dataloader(self) -> DataLoader:
        assert self.trainer is not None
        epoch = self.trainer.current_epoch
        made = self.objective
        lesson = self.first if isinstance(made, Objective) or epoch == 0 else made(epoch)
        films = TensorDataset(*lesson.films)
        return DataLoader(
            films,
            self.batch_size,
            sampler=_Shuffled(len(films), self.seed, self.trainer),
            drop_last=len(films) > self.batch_size,
        )

    def val_dataloader(self) -> DataLoader | list[DataLoader]:
        return DataLoader(TensorDataset(*self.watch.films), self.batch_size) if self.watch else []


class _Shuffled(torch.utils.data.Sampler[int]):
    def __init__(self, count: int, seed: int, trainer: pl.Trainer) -> None:
        self.count, self.seed, self.trainer = count, seed, trainer

    def __len__(self) -> int:
        return self.count

    def __iter__(self):  # type: ignore[no-untyped-def]
        random = torch.Generator().manual_seed(self.seed * 10_007 + self.trainer.current_epoch)
        yield from torch.randperm(self.count, generator=random).tolist()


class _Fitting(pl.LightningModule):
    def __init__(
        self,
        network: Network,
        lesson: Objective,
        schedule: Schedule,
        seed: int,
        watch: Objective | None,
        pretrained: bool,
    ) -> None:
        super().__init__()
        self.network, self.lesson, self.schedule, self.seed = network, lesson, schedule, seed
        self.watch, self.pretrained = watch, pretrained

    def on_train_epoch_start(self) -> None:
        if self.pretrained:
            keep_statistics(self.network, every=self.schedule.gentle)

    def training_step(self, batch: Sequence[Tensor], _: int) -> Tensor:
        # Every step draws from its own number, so that a resumed run draws what the whole one would have drawn.
        random = torch.Generator().manual_seed(self.seed * 20_011 + self.global_step)
        torch.manual_seed(self.seed * 30_013 + self.global_step)  # dropout
        loss = self.lesson.loss(self.network, batch, random)
        self.log("loss", loss, on_step=False, on_epoch=True)
        return loss

    def validation_step(self, batch: Sequence[Tensor], _: int) -> None:
        assert self.watch is not None
        loss = self.watch.loss(self.network, batch, torch.Generator(), vary=False)
        self.log(WATCHED, loss, batch_size=len(batch[0]))
        for name, value in self.watch.figures(self.network, batch).items():
            self.log(FIGURE + name, value, batch_size=len(batch[0]))

    def configure_optimizers(self):  # type: ignore[no-untyped-def]
        rate = self.schedule.learning_rate
        head_rate = rate * 5 if self.pretrained and not self.schedule.gentle else rate
        named = [(name, weights) for name, weights in self.network.network.named_parameters() if weights.requires_grad]
        body = [weights for name, weights in named if not self.network.in_head(name)]
        head = [weights for name, weights in named if self.network.in_head(name)] + list(self.lesson.parameters())
        optimiser = torch.optim.AdamW(
            [{"params": body, "lr": rate}, {"params": head, "lr": head_rate}], weight_decay=self.schedule.weight_decay
        )
        steps = int(self.trainer.estimated_stepping_batches)
        schedule = torch.optim.lr_scheduler.OneCycleLR(optimiser, [rate, head_rate], total_steps=steps, pct_start=0.2)
        return {"optimizer": optimiser, "lr_scheduler": {"scheduler": schedule, "interval": "step"}}


class _Telling(Callback):
    def __init__(self, tell: Tell | None, note: Note | None) -> None:
        self.tell, self.note = tell, note

    def on_train_batch_end(self, trainer: pl.Trainer, *_: object) -> None:
        if self.note is not None:
            done = (trainer.fit_loop.batch_idx + 1) / max(1, int(trainer.num_training_batches))
            self.note(trainer.current_epoch + min(done, 0.99), int(trainer.max_epochs or 0), {})

    def on_train_epoch_end(self, trainer: pl.Trainer, pl_module: pl.LightningModule) -> None:
        done, total = trainer.current_epoch + 1, int(trainer.max_epochs or 0)
        if self.note is not None:
            self.note(done, total, _figures(trainer.callback_metrics))
        if self.tell is not None:
            self.tell(done, total)


def _figures(metrics: Mapping[str, Tensor]) -> dict[str, float]:
    """Losses and figures of the epoch that ends, under the names of a `Watch`; those that are no number left out."""
    names = {"loss": "loss", WATCHED: "held_out_loss"}
    found = {
        names.get(name) or name.removeprefix(FIGURE): float(value)
        for name, value in metrics.items()
        if name in names or name.startswith(FIGURE)
    }
    return {name: value for name, value in found.items() if math.isfinite(value)}


def _about(schedule: Schedule, seed: int, on: torch.device) -> dict[str, object]:
    """What `run.json` says: how it was taught, and on what."""
    return {
        "schedule": asdict(schedule),
        "precision": "bfloat16, mixed" if has_bfloat16(on) else "single",
        "seed": seed,
        "device": torch.cuda.get_device_name(on) if on.type == "cuda" else platform.processor() or on.type,
        "threads": torch.get_num_threads(),
        "python": platform.python_version(),
        "versions": {name: version_of(name) for name in ("torch", "lightning", "transformers", "monai", "numpy")},
    }
