"""Training runs on the one device that the setting names, in a precision that device has."""

from pathlib import Path

import pytest
import torch

from core.settings import settings
from tests.training.test_fit import lesson, network, schedule
from training import device as places, fit as fitting


@pytest.fixture
def _two_gpus(monkeypatch: pytest.MonkeyPatch) -> None:
    """A machine that says it has two, of Turing (7.5, a T4) and Ampere (8.0)."""
    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    monkeypatch.setattr(torch.cuda, "get_device_capability", lambda on: (8, 0) if on.index == 1 else (7, 5))


@pytest.mark.usefixtures("_two_gpus")
def test_one_gpu_is_taken_and_the_other_left_alone() -> None:
    assert places.lightning_device(torch.device("cuda")) == {"accelerator": "gpu", "devices": [0]}
    assert places.lightning_device(torch.device("cuda:1")) == {"accelerator": "gpu", "devices": [1]}
    assert places.lightning_device(torch.device("cpu")) == {"accelerator": "cpu", "devices": 1}


@pytest.mark.usefixtures("_two_gpus")
def test_a_gpu_that_only_emulates_bfloat16_trains_in_single_precision() -> None:
    assert not places.has_bfloat16(torch.device("cuda:0"))
    assert places.has_bfloat16(torch.device("cuda:1"))


def test_the_setting_decides_where_training_runs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    given: list[dict] = []
    real = fitting.pl.Trainer

    def noted(**options):  # type: ignore[no-untyped-def]
        given.append(options)
        return real(**options)

    monkeypatch.setattr(fitting.pl, "Trainer", noted)
    monkeypatch.setenv("OSTEOLENS_DEVICE", "cpu")
    settings.cache_clear()
    fitting.fit(network(), lesson(), schedule(1), tmp_path, seed=0)
    assert (given[0]["accelerator"], given[0]["devices"]) == ("cpu", 1)


def test_a_device_that_is_not_there_is_told_by_the_setting(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OSTEOLENS_DEVICE", "cuda:7")
    settings.cache_clear()
    with pytest.raises(ValueError, match="OSTEOLENS_DEVICE"):
        fitting.fit(network(), lesson(), schedule(1), tmp_path, seed=0)
