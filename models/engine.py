"""Runs a bundle's networks on CPU or GPU, one film at a time, so that an answer never depends on its neighbours."""

from dataclasses import dataclass
from threading import Lock

import numpy as np
import numpy.typing as npt
import torch
import torch.nn.functional as f
from torch import Tensor

from models.bundle import Node
from models.heat import points_of

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


def answer(
    candidate: Node, image: Array, on: torch.device, clinical: Array | None = None, of: int | None = None
) -> Answer:
    """The network's answer to one input [3, H, W], with what an explanation needs.

    clinical: what is known of the person, for a network that takes it. of: the output whose gradients are wanted, the
    highest unless told.
    """
    with _turn:
        network = candidate.weights.to(on)
        batch = torch.from_numpy(image)[None].to(on).requires_grad_(True)
        beside = () if clinical is None else (torch.from_numpy(clinical)[None].to(on),)
        with torch.enable_grad():
            output = network(batch, *beside)
            wanted = output.logits[0].max() if of is None else output.logits[0, of]
            (gradients,) = torch.autograd.grad(wanted, output.maps)
    return Answer(
        *(
            tensor[0].detach().float().cpu().numpy()
            for tensor in (output.logits, output.features, output.maps, gradients)
        )
    )


def explain(candidate: Node, image: Array, on: torch.device, of: int, clinical: Array | None = None) -> Answer:
    """The answer with the gradients of output `of` on the maps."""
    return answer(candidate, image, on, clinical, of)


def logits(candidate: Node, image: Array, on: torch.device, clinical: Array | None = None) -> Array:
    """The network's answer [K] alone, for one input [3, H, W] and, where it takes them, clinical values."""
    beside = () if clinical is None else (torch.from_numpy(clinical)[None].to(on),)
    with _turn, torch.inference_mode():
        output = candidate.weights.to(on)(torch.from_numpy(image)[None].to(on), *beside)
    return output.logits[0].float().cpu().numpy()


def find(finder: Node, grey: Array, on: torch.device) -> tuple[Array, Array]:
    """Where the landmarks are on a film [H, W] in 0..1: points [K, 2] (x, y in its pixels) and how sure each is [K]."""
    with _turn, torch.inference_mode():
        heat = finder.weights.to(on)(dense_input(torch.from_numpy(grey)[None].to(on)))[0]
        points, sure = points_of(heat.float())
    coarser = np.array([grey.shape[1] / heat.shape[2], grey.shape[0] / heat.shape[1]], np.float32)
    return points.cpu().numpy() * coarser, sure.cpu().numpy()


def dense_input(grey: Tensor) -> Tensor:
    """Grey [B, H, W] in 0..1 as outliners take it: [B, 1, H, W] in -1..1."""
    return grey[:, None] * 2 - 1


def maps(outliner: Node, grey: Array, on: torch.device) -> Array:
    """How far each pixel [H, W] belongs to each region, [R, H, W] in 0..1, from one look at the film."""
    with _turn, torch.inference_mode():
        answers = outliner.weights.to(on)(dense_input(torch.from_numpy(grey)[None].to(on)))
    return answers[0].float().sigmoid().cpu().numpy()


def outline(outliner: Node, grey: Array, on: torch.device) -> tuple[Array, Array]:
    """How far each pixel [H, W] belongs to each region, [R, H, W] in 0..1, and how steady each outline is [R].

    The film is shown as it is, darker, brighter, and turned a little either way. The mean is the answer; how well the
    single answers overlap with it (mean IoU) says how steady it is.
    """
    with _turn, torch.inference_mode():
        film = torch.from_numpy(grey)[None].to(on)
        turns = torch.tensor([0.0, 0.0, 0.0, 4.0, -4.0], device=on).deg2rad()
        views = _turned(torch.cat([film, film**1.3, film**0.75, film, film])[:, None], turns)[:, 0]
        answers = _turned(outliner.weights.to(on)(dense_input(views)).float().sigmoid(), -turns)
        # A network that answers in blocks of pixels leaves steps of a pixel or two along an edge.
        mean = f.avg_pool2d(answers.mean(0), 5, 1, 2, count_include_pad=False)
        inside, settled = answers > 0.5, mean > 0.5
        both = (inside & settled).sum((2, 3)).float()
        either = (inside | settled).sum((2, 3)).clamp(min=1)
        steady = (both / either).mean(0)
    return mean.cpu().numpy(), steady.cpu().numpy()


@dataclass(frozen=True, eq=False)
class Measurement:
    """projection [H, W] and abmd [R] by region, in g/cm2; spread [R]: how far single looks at the film differ in it."""

    projection: Array
    abmd: Array
    spread: Array


def measure(densitometer: Node, grey: Array, on: torch.device) -> Measurement:
    """Bone density on a film [H, W] in 0..1: the mean of looks at it as it is, darker, brighter, turned a little."""
    with _turn, torch.inference_mode():
        film = torch.from_numpy(grey)[None].to(on)
        turns = torch.tensor([0.0, 0.0, 0.0, 3.0, -3.0], device=on).deg2rad()
        views = _turned(torch.cat([film, film**1.12, film**0.9, film, film])[:, None], turns)[:, 0]
        answer = densitometer.weights.to(on)(dense_input(views))
        abmd = answer.abmd.float()
        projection = answer.projection[0, 0].float()
    return Measurement(projection.cpu().numpy(), abmd.mean(0).cpu().numpy(), abmd.std(0).cpu().numpy())


def _turned(images: Tensor, angles: Tensor) -> Tensor:
    """Images [B, C, H, W], each turned about its middle."""
    height, width = images.shape[2:]
    zero, aspect = torch.zeros_like(angles), height / width
    turn = torch.stack(
        [
            torch.stack([angles.cos(), -angles.sin() * aspect, zero], 1),
            torch.stack([angles.sin() / aspect, angles.cos(), zero], 1),
        ],
        1,
    )
    grid = f.affine_grid(turn, list(images.shape), align_corners=False)
    return f.grid_sample(images, grid, padding_mode="border", align_corners=False)
