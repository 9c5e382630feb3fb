"""One battery over every network."""

from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors.torch import load_file, save_file
from torch import Tensor, nn

from models.initial import initialise
from models.networks import NETWORKS, OUTLINERS, build, freeze, keep_statistics, parameters
from tests.tiny import OPTIONS

TINY: dict[str, dict[str, Any]] = {
    **OPTIONS,
    "cnn3": {"channels": (4, 6, 8), "hidden": 8, "dropout": 0.2},
    "densenet121": {"init_features": 8, "growth_rate": 4, "block_config": (1, 2)},
    "efficientnet": {"width_coefficient": 0.25, "depth_coefficient": 0.3},
    "inception_v3": {"width": 0.06, "auxiliary": True},
    "resnet": {"embedding_size": 8, "hidden_sizes": [8, 16, 24], "depths": [1, 1, 1]},
    "u_net": {"features": (4, 4, 8, 8, 8, 4)},
    "u_net_pp": {"features": (4, 4, 8, 8, 8, 4)},
    "vgg16": {"width": 0.07, "hidden": 16},
}
SIDE = {"inception_v3": 96}  # px; 64 for the others
PUBLISHED = {  # weights of the published networks with 1000 classes
    "densenet121": ({}, 7_978_856),
    "efficientnet": ({}, 19_341_616),
    "inception_v3": ({"auxiliary": True}, 27_161_264),
    "mobilenet_v2": ({}, 3_504_872),
    "resnet": ({}, 25_557_032),
    "vgg16": ({}, 138_357_544),
    "vit": ({}, 86_567_656),
}
EVERY = (*NETWORKS, *OUTLINERS)


def built(name: str) -> Any:
    torch.manual_seed(0)
    return build(name, 3, TINY[name])


def films(name: str, count: int = 2, side: int | tuple[int, int] | None = None) -> Tensor:
    side = side or SIDE.get(name, 64)
    height, width = (side, side) if isinstance(side, int) else side
    random = torch.Generator().manual_seed(1)
    return torch.randn(count, 3 if name in NETWORKS else 1, height, width, generator=random)


def logits(network: nn.Module, images: Tensor) -> Tensor:
    output = network(images)
    return output if isinstance(output, Tensor) else output.logits


@pytest.mark.parametrize("name", NETWORKS)
def test_a_classifier_answers_and_its_maps_speak_for_the_answer(name: str) -> None:
    network = built(name).eval()
    output = network(films(name))
    assert output.logits.shape == (2, 3)
    assert output.features.shape == (2, network.head.in_features)
    assert output.maps.ndim == 4
    (gradient,) = torch.autograd.grad(output.logits[:, 0].sum(), output.maps)
    assert gradient.shape == output.maps.shape
    assert gradient.abs().sum() > 0


def test_a_vit_may_see_its_patches_through_convolutions() -> None:
    options = {**TINY["vit"], "pool": "mean"}
    layers = options["patch_size"].bit_length() - 1
    with pytest.raises(ValueError, match=r"stem of 1 layers and patch_size \d+, expected a patch of 2"):
        build("vit", 3, {**options, "stem": [4]})
    torch.manual_seed(0)
    network = build("vit", 3, {**options, "stem": [4] * layers}).eval()
    images = films("vit").requires_grad_()
    output, plain = network(images), build("vit", 3, options).eval()(images)
    assert output.maps.shape == plain.maps.shape
    # A patch's neighbours reach it before the first block does: its last pixels border on theirs.
    patches = network.network.vit.embeddings.patch_embeddings(images)
    side = options["patch_size"]
    (seen,) = torch.autograd.grad(patches[:, 1].sum(), images)
    assert seen[..., :side].abs().sum() > 0
    again = build("vit", 3, {**options, "stem": [4] * layers}).eval()
    again.load_state_dict(network.state_dict())
    assert torch.equal(again(images).logits, output.logits)


@pytest.mark.parametrize("name", OUTLINERS)
@pytest.mark.parametrize("side", [(16, 16), (50, 37), (64, 48)])
def test_an_outliner_answers_for_every_pixel_of_any_size(name: str, side: tuple[int, int]) -> None:
    assert built(name).eval()(films(name, side=side)).shape == (2, 3, *side)


@pytest.mark.parametrize("name", EVERY)
def test_a_film_s_answer_does_not_depend_on_its_neighbours(name: str) -> None:
    network, images = built(name).eval(), films(name, 3)
    with torch.inference_mode():
        assert torch.allclose(logits(network, images)[1:2], logits(network, images[1:2]), atol=1e-5)


@pytest.mark.parametrize("name", EVERY)
def test_one_step_lowers_the_loss_on_one_batch(name: str) -> None:
    network, images = built(name).train(), films(name, 4)
    for layer in network.modules():
        if isinstance(layer, nn.Dropout):
            layer.p = 0.0  # its draws would differ before and after the step
    shape = logits(network, images).shape
    truth = torch.randint(0, 3, (shape[0], *shape[2:]), generator=torch.Generator().manual_seed(2))
    loss = nn.functional.cross_entropy(logits(network, images), truth)
    loss.backward()
    learned = [weights for weights in network.parameters() if weights.grad is not None]
    steepness = torch.stack([weights.grad.norm() for weights in learned]).norm()
    with torch.no_grad():
        for weights in learned:
            weights -= 0.02 / steepness * weights.grad
    assert nn.functional.cross_entropy(logits(network, images), truth) < loss


@pytest.mark.parametrize("name", EVERY)
def test_every_weight_of_the_answer_gets_a_gradient(name: str) -> None:
    network = built(name).train()
    output = network(films(name))
    answers = output if isinstance(output, Tensor) else output.logits
    total = answers.square().sum()
    if getattr(output, "auxiliary", None) is not None:
        total = total + output.auxiliary.square().sum()
    total.backward()
    silent = [key for key, weights in network.network.named_parameters() if weights.grad is None]
    # U-Net++ without deep supervision keeps the outlets of its lower depths for those who want it.
    assert all(key.startswith(("final_conv_0_1", "final_conv_0_2", "final_conv_0_3")) for key in silent)


@pytest.mark.parametrize("name", EVERY)
def test_saved_and_loaded_weights_give_the_same_answer(name: str, tmp_path: Path) -> None:
    network, images = built(name), films(name)
    network.train()(images)  # so that batch statistics, too, have something to carry over
    state = {key: value.contiguous() for key, value in network.network.state_dict().items()}
    save_file(state, tmp_path / "model.safetensors")
    again = build(name, 3, TINY[name])
    again.network.load_state_dict(load_file(tmp_path / "model.safetensors"), strict=True)
    with torch.inference_mode():
        assert torch.equal(logits(network.eval(), images), logits(again.eval(), images))


@pytest.mark.parametrize("name", EVERY)
def test_half_and_full_precision_agree(name: str) -> None:
    network, images = built(name).eval(), films(name)
    with torch.inference_mode():
        full = logits(network, images)
        with torch.autocast("cpu", torch.bfloat16):
            mixed = logits(network, images)
        for weights in network.parameters():
            weights.copy_(weights.half().float())
        half = logits(network, images)
    scale = full.abs().max()
    assert (half - full).abs().max() < 0.01 * scale
    assert (mixed.float() - full).abs().max() < 0.1 * scale


@pytest.mark.parametrize("name", EVERY)
def test_an_odd_size_works_or_says_what_it_needs(name: str) -> None:
    network = built(name).eval()
    least = network.least_px
    if name == "vit":
        with pytest.raises(ValueError, match=r"70 x 64 px and needs exactly 64 x 64, a multiple of its patch"):
            network(films(name, side=(70, 64)))
        with pytest.raises(ValueError, match="expected a multiple of the patch"):
            build("vit", 3, {**TINY["vit"], "image_size": 70})
        return
    assert logits(network, films(name, side=(least + 1, least + 6))).isfinite().all()
    with pytest.raises(ValueError, match=rf"{least - 1} x {least + 9} px and needs at least {least} px a side"):
        network(films(name, side=(least - 1, least + 9)))


@pytest.mark.parametrize("name", EVERY)
@pytest.mark.parametrize("share", [0.0, 0.5, 1.0])
def test_frozen_weights_stay_and_the_head_learns(name: str, share: float) -> None:
    network = built(name).train()
    freeze(network, share)
    keep_statistics(network)
    before = {key: value.clone() for key, value in network.network.state_dict().items()}
    output = network(films(name))
    (output.square() if isinstance(output, Tensor) else output.logits.square()).sum().backward()
    with torch.no_grad():
        for weights in network.parameters():
            if weights.grad is not None:
                weights -= weights.grad + 0.01
    after = network.network.state_dict()
    changed = {key for key in before if not torch.equal(before[key], after[key])}
    body = [key for key, _ in network.network.named_parameters() if not network.in_head(key)]
    assert not changed & set(body[: round(share * len(body))])
    assert any(network.in_head(key) for key in changed)
    assert not any("running" in key for key in changed)
    if share < 1:
        assert changed & set(body)


@pytest.mark.parametrize("name", EVERY)
def test_the_config_names_the_outputs_and_rebuilds_as_json(name: str) -> None:
    config = built(name).hub_config(("a", "b", "c"))
    assert config["id2label"] == {"0": "a", "1": "b", "2": "c"}
    assert config["label2id"] == {"a": 0, "b": 1, "c": 2}
    assert config["architectures"]


@pytest.mark.parametrize("name", PUBLISHED)
def test_a_network_without_options_has_the_published_number_of_weights(name: str) -> None:
    options, count = PUBLISHED[name]
    with torch.device("meta"):
        assert parameters(build(name, 1000, options)) == count


def test_inception_answers_from_its_side_branch_while_trained_at_small_and_published_sizes() -> None:
    network = built("inception_v3").train()
    for side in (128, 299):
        assert network(films("inception_v3", side=side)).auxiliary.shape == (2, 3)
    assert network.eval()(films("inception_v3", side=128)).auxiliary is None


@pytest.mark.parametrize("name", OUTLINERS)
def test_a_folded_outliner_answers_for_every_pixel_too_and_sees_each(name: str) -> None:
    network = build(name, 3, {**TINY[name], "fold": 2}).eval()
    images = films(name, side=(50, 37)).requires_grad_(True)
    answers = network(images)
    assert answers.shape == (2, 3, 50, 37)
    (gradient,) = torch.autograd.grad(answers.square().sum(), images)
    assert (gradient != 0).float().mean() > 0.99


def test_deep_supervision_answers_at_every_depth() -> None:
    network = build("u_net_pp", 3, {**TINY["u_net_pp"], "deep_supervision": True})
    answers = network.deep(films("u_net_pp", side=(50, 37)))
    assert [tuple(answer.shape) for answer in answers] == [(2, 3, 50, 37)] * 4
    assert torch.equal(network(films("u_net_pp", side=(50, 37))), answers[-1])


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"features": (4, 4, 8)}, "expected six numbers that 4 divides"),
        ({"features": (4, 4, 8, 8, 8, 6)}, "expected six numbers that 4 divides"),
        ({"channels": 3}, "u_net does not take these options"),
    ],
)
def test_options_that_fit_no_u_net_are_told(options: dict[str, Any], said: str) -> None:
    with pytest.raises(ValueError, match=said):
        build("u_net", 3, options)


def test_films_of_other_channels_are_told() -> None:
    with pytest.raises(ValueError, match="films of 3 channels and needs 1"):
        built("u_net")(torch.zeros(1, 3, 32, 32))


def test_the_transformer_s_answer_is_that_of_transformers_own_forward() -> None:
    network = build("vit", 3, OPTIONS["vit"]).eval()
    images = torch.randn(2, 3, 64, 64)
    assert torch.equal(network(images).logits, network.network(images).logits)


@pytest.mark.parametrize("name", ["mobilenet_v2", "resnet", "efficientnet"])
def test_the_cnn_s_answer_is_that_of_transformers_own_forward(name: str) -> None:
    network = built(name).eval()
    assert torch.allclose(network(films(name)).logits, network.network(films(name)).logits, atol=1e-6)


def test_the_densenet_s_answer_is_that_of_monai_s_own_forward() -> None:
    network = built("densenet121").eval()
    assert torch.allclose(network(films("densenet121")).logits, network.network(films("densenet121")), atol=1e-6)


def test_an_unknown_network_names_the_known_ones() -> None:
    with pytest.raises(ValueError, match=r"there are cnn3, .*densenet121, .*u_net, u_net_pp, vgg16, vit"):
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
