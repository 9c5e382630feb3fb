"""One battery over every network."""

import pytest
import torch

from models.initial import initialise
from models.networks import NETWORKS, build
from tests.tiny import OPTIONS


@pytest.mark.parametrize("name", NETWORKS)
def test_every_network_answers_and_its_maps_speak_for_the_answer(name: str) -> None:
    network = build(name, 3, OPTIONS[name]).eval()
    output = network(torch.randn(2, 3, 64, 64))
    assert output.logits.shape == (2, 3)
    assert output.features.shape[0] == 2
    assert output.maps.ndim == 4
    (gradient,) = torch.autograd.grad(output.logits[:, 0].sum(), output.maps)
    assert gradient.shape == output.maps.shape


def test_the_transformer_s_answer_is_that_of_transformers_own_forward() -> None:
    network = build("vit", 3, OPTIONS["vit"]).eval()
    images = torch.randn(2, 3, 64, 64)
    assert torch.equal(network(images).logits, network.network(images).logits)


def test_the_cnn_s_answer_is_that_of_transformers_own_forward() -> None:
    network = build("mobilenet_v2", 3, OPTIONS["mobilenet_v2"]).eval()
    images = torch.randn(2, 3, 64, 64)
    assert torch.allclose(network(images).logits, network.network(images).logits, atol=1e-6)


def test_an_unknown_network_names_the_known_ones() -> None:
    with pytest.raises(ValueError, match="there are mobilenet_v2, vit"):
        build("resnet1000", 3, {})


def test_weights_of_another_shape_are_named(tiny_bundle) -> None:  # type: ignore[no-untyped-def]
    with pytest.raises(ValueError, match="of another shape"):
        initialise(build("mobilenet_v2", 3, {}), str(tiny_bundle / "knee_resnet/0.1.0/mobilenet_v2"))


def test_a_bundle_s_folder_gives_first_weights_but_not_its_head(tiny_bundle) -> None:  # type: ignore[no-untyped-def]
    folder = tiny_bundle / "knee_resnet/0.1.0/vit"
    one, two = (initialise(build("vit", 2, OPTIONS["vit"]), str(folder)) for _ in range(2))
    body = "vit.embeddings.patch_embeddings.projection.weight"
    assert torch.equal(one.network.state_dict()[body], two.network.state_dict()[body])
    assert not torch.equal(one.head.weight, two.head.weight)


def test_a_path_that_is_not_there_is_said_to_be_missing() -> None:
    with pytest.raises(ValueError, match=r"found no weights at \./nowhere\.safetensors"):
        initialise(build("vit", 3, OPTIONS["vit"]), "./nowhere.safetensors")


def test_a_hub_that_cannot_be_reached_is_told_with_what_to_do(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_OFFLINE", True)
    with pytest.raises(ValueError, match=r"the hub did not give google/nothing.*--init"):
        initialise(build("vit", 3, OPTIONS["vit"]), "google/nothing")
