"""Networks run in any number of threads at once with the answers they give alone, and explain what they are asked."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from threading import Barrier

import numpy as np
import pytest
import torch
from torch import Tensor, nn

from models import engine
from models.bundle import Node, load
from models.placement import place
from tests.tiny import OPTIONS

CPU = torch.device("cpu")
IMAGES = np.random.default_rng(0).random((8, 3, 64, 64), dtype=np.float32) * 2 - 1


@pytest.fixture
def candidates(tiny_bundle: Path) -> tuple[Node, ...]:
    return tuple(load(tiny_bundle / "knee_resnet" / "0.1.0").networks.values())


@pytest.mark.parametrize("network", list(OPTIONS))
def test_eight_threads_give_the_answers_and_gradients_of_one(candidates: tuple[Node, ...], network: str) -> None:
    one = next(one for one in candidates if one.name == network)

    def both(image: np.ndarray) -> list[np.ndarray]:
        answer = engine.answer(one, image, CPU)
        return [answer.logits, answer.features, answer.maps, *engine.explain(one, image, CPU, of=1)]

    alone = [both(image) for image in IMAGES]
    with ThreadPoolExecutor(len(IMAGES)) as pool:
        for _ in range(3):
            for before, after in zip(alone, pool.map(both, IMAGES), strict=True):
                assert all(np.array_equal(*pair) for pair in zip(before, after, strict=True))


def test_two_threads_are_inside_a_network_at_once(candidates: tuple[Node, ...]) -> None:
    """Each waits within its forward pass until the other is there too; with one lock for all, neither ever comes."""
    one, meeting = candidates[0], Barrier(2)

    def wait(*_: object) -> None:
        meeting.wait(timeout=30)

    hook = one.weights.register_forward_pre_hook(wait)
    try:
        with ThreadPoolExecutor(2) as pool:
            answers = list(pool.map(lambda image: engine.answer(one, image, CPU).logits, IMAGES[:2]))
    finally:
        hook.remove()
    assert not meeting.broken
    assert not np.array_equal(*answers)


@pytest.mark.parametrize("network", list(OPTIONS))
def test_each_output_has_gradients_of_its_own(candidates: tuple[Node, ...], network: str) -> None:
    one = next(one for one in candidates if one.name == network)
    answer = engine.answer(one, IMAGES[0], CPU)
    slopes = []
    for of in range(3):
        maps, gradients = engine.explain(one, IMAGES[0], CPU, of)
        assert np.allclose(maps, answer.maps, atol=1e-5)
        slopes.append(gradients)
    assert not np.allclose(slopes[0], slopes[1])
    assert not np.allclose(slopes[1], slopes[2])


def test_an_answer_runs_no_pass_backward(candidates: tuple[Node, ...]) -> None:
    """What gradients would need is not even kept."""
    recorded: list[bool] = []
    hook = candidates[0].weights.register_forward_hook(_note(recorded))
    try:
        engine.answer(candidates[0], IMAGES[0], CPU)
        engine.explain(candidates[0], IMAGES[0], CPU, of=0)
    finally:
        hook.remove()
    assert recorded == [False, True]


def _note(recorded: list[bool]) -> Callable[..., None]:
    def note(_network: nn.Module, _images: tuple[Tensor, ...], output: object) -> None:
        recorded.append(output.maps.requires_grad)  # type: ignore[attr-defined]

    return note


def test_a_network_is_copied_once_a_device_and_itself_never_moved() -> None:
    network, there = nn.Linear(3, 2), torch.device("meta")
    assert place(network, CPU) is network
    with torch.inference_mode():
        copy = place(network, there)
    assert copy is place(network, there)
    assert {one.device.type for one in copy.parameters()} == {"meta"}
    assert {one.device.type for one in network.parameters()} == {"cpu"}
    assert not any(one.is_inference() for one in copy.parameters())


def test_a_network_that_was_changed_is_copied_again() -> None:
    network, there = nn.Linear(3, 2), torch.device("meta")
    before = place(network, there)
    with torch.no_grad():
        network.bias += 1
    after = place(network, there)
    assert after is not before
    network.weight = nn.Parameter(torch.zeros(2, 3))
    assert place(network, there) is not after


@pytest.mark.gpu
@pytest.mark.skipif(not torch.cuda.is_available(), reason="no GPU here")
def test_threads_on_a_gpu_and_on_the_cpu_share_one_network(candidates: tuple[Node, ...]) -> None:
    one, gpu = candidates[0], torch.device("cuda")
    alone = [engine.answer(one, image, CPU).logits for image in IMAGES]
    with ThreadPoolExecutor(8) as pool:
        jobs = [(image, on) for image in IMAGES for on in (CPU, gpu)]
        answers = list(pool.map(lambda job: engine.answer(one, *job).logits, jobs))
    for number, logits in enumerate(alone):
        assert np.array_equal(answers[2 * number], logits)
        assert np.allclose(answers[2 * number + 1], logits, atol=2e-2)
