"""Networks that decompose a film, and the judges they learn against."""

import pytest
import torch

from models.decomposer import Discriminators
from models.networks import DECOMPOSERS, build, parameters
from recipes import by_name

SMALL = {
    "light_decomposer": {"widths": [4, 8, 8, 8, 8], "hidden": 16, "grid": 6},
    "convnext_decomposer": {"hidden_sizes": [8, 8, 16, 16], "depths": [1, 1, 1, 1], "hidden": 16},
}


@pytest.mark.parametrize("name", DECOMPOSERS)
def test_projection_has_the_films_size_and_no_mineral_below_nought(name: str) -> None:
    network = build(name, 4, SMALL[name]).eval()
    with torch.inference_mode():
        answer = network(torch.randn(2, 1, 96, 64))
    assert answer.projection.shape == (2, 1, 96, 64)
    assert answer.abmd.shape == (2, 4)
    assert float(answer.projection.min()) >= 0


@pytest.mark.parametrize("name", DECOMPOSERS)
def test_densities_are_told_in_the_units_they_are_scaled_to(name: str) -> None:
    torch.manual_seed(0)
    network = build(name, 2, SMALL[name]).eval()
    network.scale_density([0.5, 2.0], [1e-6, 1e-6])
    with torch.inference_mode():
        assert network(torch.randn(1, 1, 64, 64)).abmd[0].tolist() == pytest.approx([0.5, 2.0], abs=1e-4)


@pytest.mark.parametrize("name", DECOMPOSERS)
def test_a_single_pixel_is_not_lost_on_the_way(name: str) -> None:
    torch.manual_seed(0)
    network = build(name, 1, SMALL[name]).eval()
    film = torch.zeros(1, 1, 64, 64, requires_grad=True)
    answer = network(film).projection
    (reach,) = torch.autograd.grad(answer[0, 0, 33, 30], film)
    assert float(reach[0, 0, 33, 30].abs()) > 0


def test_direct_regression_hears_nothing_of_the_decoder() -> None:
    network = build("light_decomposer", 2, {**SMALL["light_decomposer"], "see_projection": False})
    network(torch.randn(2, 1, 64, 64)).abmd.sum().backward()
    assert all(weights.grad is None for weights in network.network.decoder.parameters())
    assert any(weights.grad is not None for weights in network.network.encoder.parameters())


def test_a_size_that_cannot_be_halved_is_told() -> None:
    network = build("light_decomposer", 4, SMALL["light_decomposer"])
    with pytest.raises(ValueError, match="needs sides that 32 divides"):
        network(torch.zeros(1, 1, 64, 65))
    with pytest.raises(ValueError, match="found films of 3 channels"):
        network(torch.zeros(1, 3, 64, 64))
    with pytest.raises(ValueError, match="expected batch or group"):
        build("light_decomposer", 4, {"norm": "layer"})


def test_the_demo_network_is_light() -> None:
    candidate = by_name("hip_bmd").candidates("demo")[0]
    assert parameters(build(candidate.network, 4, candidate.options)) < 3_000_000


def test_each_judge_sees_half_of_the_one_before() -> None:
    answers = Discriminators(scales=2, width=4)(torch.zeros(1, 1, 64, 64), torch.zeros(1, 1, 64, 64))
    assert [scale[-1].shape[-1] for scale in answers] == [8, 4]
    assert all(len(scale) == 4 for scale in answers)
