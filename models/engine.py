"""Runs a bundle's networks on CPU or GPU, one film at a time, so that an answer never depends on its neighbours."""

from dataclasses import dataclass
from threading import Lock

import numpy as np
import numpy.typing as npt
import torch

from models.bundle import Candidate

Array = npt.NDArray[np.float32]
_turn = Lock()  # gradients and thread settings are per process; two sessions of a server take turns


@dataclass(frozen=True, eq=False)
class Answer:
    """logits [K]; features [D]; maps and the top class's gradients on them [C, h, w]."""

    logits: Array
    features: Array
    maps: Array
    gradients: Array


def device(name: str) -> torch.device:
    """`auto` is the first GPU if there is one. Raises ValueError naming the setting for one that is not there."""
    if name == "auto":
        name = "cuda" if torch.cuda.is_available() else "mps" if torch.backends.mps.is_available() else "cpu"
    try:
        chosen = torch.device(name)
        torch.empty(1, device=chosen)
    except (RuntimeError, AssertionError) as fault:
        raise ValueError(
            f"found no device {name!r}; set OSTEOLENS_DEVICE to auto, cpu or one this machine has"
        ) from fault
    return chosen


def answer(candidate: Candidate, image: Array, on: torch.device) -> Answer:
    """The network's answer to one input [3, H, W], with what an explanation needs."""
    with _turn:
        network = candidate.weights.to(on)
        batch = torch.from_numpy(image)[None].to(on).requires_grad_(True)
        with torch.enable_grad():
            output = network(batch)
            (gradients,) = torch.autograd.grad(output.logits[0].max(), output.maps)
    return Answer(
        *(
            tensor[0].detach().float().cpu().numpy()
            for tensor in (output.logits, output.features, output.maps, gradients)
        )
    )
