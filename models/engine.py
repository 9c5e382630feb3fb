"""Runs a bundle's networks on CPU or GPU, one film at a time, so that an answer never depends on its neighbours."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import torch
import torch.nn.functional as f
from torch import Tensor

from models.bundle import Node
from models.classifier import Output
from models.heat import points_of
from models.placement import place, taking_turns

Array = npt.NDArray[np.float32]


@dataclass(frozen=True, eq=False)
class Answer:
    """logits [K]; features [D], what the last layer sees; maps [C, h, w], what explanations use."""

    logits: Array
    features: Array
    maps: Array


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


def answer(candidate: Node, image: Array, on: torch.device, clinical: Array | None = None) -> Answer:
    """The network's answer to one input [3, H, W]. clinical: what is known of the person, for a network that takes it.

    No gradients are computed: for a map of one output ask `explain` as well.
    """
    with taking_turns(on), torch.inference_mode():
        output = _run(candidate, torch.from_numpy(image)[None].to(on), on, clinical)
    return Answer(*(tensor[0].float().cpu().numpy() for tensor in (output.logits, output.features, output.maps)))


def explain(
    candidate: Node, image: Array, on: torch.device, of: int, clinical: Array | None = None
) -> tuple[Array, Array]:
    """The network's maps and one output's gradients on them, [C, h, w] each, for one input [3, H, W].

    of: which output, by its place among the labels or scores. Its pass backward costs more than an answer: ask for the
    one map that is shown.
    """
    with taking_turns(on), torch.enable_grad():
        output = _run(candidate, torch.from_numpy(image)[None].to(on).requires_grad_(True), on, clinical)
        (gradients,) = torch.autograd.grad(output.logits[0, of], output.maps)
    maps, slopes = (tensor[0].detach().float().cpu().numpy() for tensor in (output.maps, gradients))
    return maps, slopes


def logits(candidate: Node, image: Array, on: torch.device, clinical: Array | None = None) -> Array:
    """The network's logits [K] alone."""
    return answer(candidate, image, on, clinical).logits


def _run(candidate: Node, batch: Tensor, on: torch.device, clinical: Array | None) -> Output:
    beside = () if clinical is None else (torch.from_numpy(clinical)[None].to(on),)
    output: Output = place(candidate.weights, on)(batch, *beside)
    return output


def find(finder: Node, grey: Array, on: torch.device) -> tuple[Array, Array]:
    """Where the landmarks are on a film [H, W] in 0..1: points [K, 2] (x, y in its pixels) and how sure each is [K]."""
    with taking_turns(on), torch.inference_mode():
        heat = place(finder.weights, on)(dense_input(torch.from_numpy(grey)[None].to(on)))[0]
        points, sure = points_of(heat.float())
    coarser = np.array([grey.shape[1] / heat.shape[2], grey.shape[0] / heat.shape[1]], np.float32)
    return points.cpu().numpy() * coarser, sure.cpu().numpy()


def dense_input(grey: Tensor) -> Tensor:
    """Grey [B, H, W] in 0..1 as outliners take it: [B, 1, H, W] in -1..1."""
    return grey[:, None] * 2 - 1


def maps(outliner: Node, grey: Array, on: torch.device) -> Array:
    """How far each pixel [H, W] belongs to each region, [R, H, W] in 0..1, from one look at the film."""
    with taking_turns(on), torch.inference_mode():
        answers = place(outliner.weights, on)(dense_input(torch.from_numpy(grey)[None].to(on)))
    return answers[0].float().sigmoid().cpu().numpy()


def outline(outliner: Node, grey: Array, on: torch.device) -> tuple[Array, Array]:
    """How far each pixel [H, W] belongs to each region, [R, H, W] in 0..1, and how steady each outline is [R].

    The film is shown as it is, darker, brighter, and turned a little either way. The mean is the answer; how well the
    single answers overlap with it (mean IoU) says how steady it is.
    """
    with taking_turns(on), torch.inference_mode():
        film = torch.from_numpy(grey)[None].to(on)
        turns = torch.tensor([0.0, 0.0, 0.0, 4.0, -4.0], device=on).deg2rad()
        views = _turned(torch.cat([film, film**1.3, film**0.75, film, film])[:, None], turns)[:, 0]
        answers = _turned(place(outliner.weights, on)(dense_input(views)).float().sigmoid(), -turns)
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
    with taking_turns(on), torch.inference_mode():
        film = torch.from_numpy(grey)[None].to(on)
        turns = torch.tensor([0.0, 0.0, 0.0, 3.0, -3.0], device=on).deg2rad()
        views = _turned(torch.cat([film, film**1.12, film**0.9, film, film])[:, None], turns)[:, 0]
        answer = place(densitometer.weights, on)(dense_input(views))
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
