"""Weights under torchvision's names, real ones where they are at hand, come out as they went in."""

import re
from pathlib import Path

import numpy as np
import pytest
import torch
from safetensors.torch import load_file, save_file
from sklearn.datasets import load_sample_image
from torch import Tensor, nn
from torch.nn.functional import max_pool2d, relu

from core.settings import settings
from models.initial import initialise
from models.networks import build


def test_imagenet_mobilenet_still_knows_a_palace_and_a_daisy() -> None:
    weights = settings().data / "weights" / "mobilenet_v2_imagenet.safetensors"
    if not weights.is_file():
        pytest.skip(f"ImageNet weights are not at {weights} (OSTEOLENS_DATA)")
    network = initialise(build("mobilenet_v2", 1001, {}), str(weights)).eval()
    head = load_file(weights)
    network.head.load_state_dict({"weight": head["classifier.1.weight"], "bias": head["classifier.1.bias"]})
    for picture, label in (("china.jpg", 699), ("flower.jpg", 986)):  # palace, daisy; index 0 is background
        photo = torch.from_numpy(np.asarray(load_sample_image(picture), np.float32)).permute(2, 0, 1)[None] / 127.5 - 1
        photo = torch.nn.functional.interpolate(photo, (224, 224), mode="bilinear", antialias=True)
        with torch.inference_mode():
            best = network(photo).logits[0].topk(5).indices.tolist()
        assert label in best


# As torchvision publishes inception_v3 (inception_v3_google): some of its weights, from the input to the end.
INCEPTION = {
    "Conv2d_1a_3x3.conv.weight": (32, 3, 3, 3),
    "Conv2d_1a_3x3.bn.running_mean": (32,),
    "Conv2d_2b_3x3.conv.weight": (64, 32, 3, 3),
    "Conv2d_3b_1x1.conv.weight": (80, 64, 1, 1),
    "Conv2d_4a_3x3.conv.weight": (192, 80, 3, 3),
    "Mixed_5b.branch1x1.conv.weight": (64, 192, 1, 1),
    "Mixed_5b.branch5x5_1.conv.weight": (48, 192, 1, 1),
    "Mixed_5b.branch5x5_2.conv.weight": (64, 48, 5, 5),
    "Mixed_5b.branch3x3dbl_3.conv.weight": (96, 96, 3, 3),
    "Mixed_5b.branch_pool.conv.weight": (32, 192, 1, 1),
    "Mixed_5c.branch1x1.conv.weight": (64, 256, 1, 1),
    "Mixed_5d.branch_pool.bn.weight": (64,),
    "Mixed_6a.branch3x3.conv.weight": (384, 288, 3, 3),
    "Mixed_6a.branch3x3dbl_3.conv.weight": (96, 96, 3, 3),
    "Mixed_6b.branch1x1.conv.weight": (192, 768, 1, 1),
    "Mixed_6b.branch7x7_2.conv.weight": (128, 128, 1, 7),
    "Mixed_6b.branch7x7_3.conv.weight": (192, 128, 7, 1),
    "Mixed_6b.branch7x7dbl_2.conv.weight": (128, 128, 7, 1),
    "Mixed_6c.branch7x7dbl_5.conv.weight": (192, 160, 1, 7),
    "Mixed_6e.branch7x7dbl_4.conv.weight": (192, 192, 7, 1),
    "AuxLogits.conv0.conv.weight": (128, 768, 1, 1),
    "AuxLogits.conv1.conv.weight": (768, 128, 5, 5),
    "AuxLogits.fc.weight": (1000, 768),
    "Mixed_7a.branch3x3_2.conv.weight": (320, 192, 3, 3),
    "Mixed_7a.branch7x7x3_2.conv.weight": (192, 192, 1, 7),
    "Mixed_7a.branch7x7x3_3.conv.weight": (192, 192, 7, 1),
    "Mixed_7a.branch7x7x3_4.conv.weight": (192, 192, 3, 3),
    "Mixed_7b.branch1x1.conv.weight": (320, 1280, 1, 1),
    "Mixed_7b.branch3x3_2a.conv.weight": (384, 384, 1, 3),
    "Mixed_7b.branch3x3_2b.conv.weight": (384, 384, 3, 1),
    "Mixed_7b.branch3x3dbl_1.conv.weight": (448, 1280, 1, 1),
    "Mixed_7c.branch3x3dbl_2.conv.weight": (384, 448, 3, 3),
    "Mixed_7c.branch3x3dbl_3b.conv.weight": (384, 384, 3, 1),
    "Mixed_7c.branch_pool.conv.weight": (192, 2048, 1, 1),
    "fc.weight": (1000, 2048),
    "fc.bias": (1000,),
}


def stored(folder: Path, state: dict[str, Tensor]) -> str:
    save_file({key: value.contiguous() for key, value in state.items()}, folder / "weights.safetensors")
    return str(folder / "weights.safetensors")


def drawn(state: dict[str, Tensor]) -> dict[str, Tensor]:
    """A value of its own for every weight, none of them negative so that variances are good."""
    random = torch.Generator().manual_seed(0)
    return {
        key: torch.rand(value.shape, generator=random) * 0.1 + 0.02 if value.is_floating_point() else value
        for key, value in state.items()
    }


def test_inception_has_the_published_weights_and_takes_them(tmp_path: Path) -> None:
    with torch.device("meta"):
        shapes = {
            key: tuple(v.shape)
            for key, v in build("inception_v3", 1000, {"auxiliary": True}).network.state_dict().items()
        }
    kept = {key: shape for key, shape in shapes.items() if not key.endswith("num_batches_tracked")}
    assert {key: shapes.get(key) for key in INCEPTION} == INCEPTION
    assert len(kept) == 96 * 5 + 4  # 94 convolutions and two of the side branch, with their norms; two last layers
    weights = {key: shape for key, shape in kept.items() if "running" not in key}
    assert sum(int(np.prod(shape)) for shape in weights.values()) == 27_161_264
    side = {key: shape for key, shape in weights.items() if key.startswith("AuxLogits")}
    assert sum(int(np.prod(shape)) for shape in side.values()) == 27_161_264 - 23_834_568

    published = drawn({key: torch.empty(shape) for key, shape in kept.items()})
    source = stored(tmp_path, published)
    for auxiliary in (True, False):
        network = initialise(build("inception_v3", 3, {"auxiliary": auxiliary}), source)
        ours = network.network.state_dict()
        for key, value in ours.items():
            if not network.in_head(key) and not key.endswith("num_batches_tracked"):
                assert torch.equal(value, published[key])


class TorchvisionResNet(nn.Module):
    """He's network written down again with torchvision's names, in its v1.5 form: the 3 x 3 takes the stride."""

    def __init__(self, stem: int, widths: list[int], depths: list[int], bottleneck: bool) -> None:
        super().__init__()
        self.conv1, self.bn1 = nn.Conv2d(3, stem, 7, 2, 3, bias=False), nn.BatchNorm2d(stem)
        channels = stem
        for number, (out, depth) in enumerate(zip(widths, depths, strict=True), 1):
            blocks = []
            for place in range(depth):
                stride = 2 if place == 0 and number > 1 else 1
                blocks.append(TorchvisionBlock(channels, out, stride, bottleneck))
                channels = out
            self.add_module(f"layer{number}", nn.Sequential(*blocks))
        self.fc = nn.Linear(channels, 3)

    def forward(self, images: Tensor) -> Tensor:
        maps = max_pool2d(relu(self.bn1(self.conv1(images))), 3, 2, 1)
        for number in range(1, 5):
            maps = getattr(self, f"layer{number}")(maps)
        return self.fc(maps.mean((2, 3)))


class TorchvisionBlock(nn.Module):
    def __init__(self, channels: int, out: int, stride: int, bottleneck: bool) -> None:
        super().__init__()
        inner = out // 4
        plan = [(inner, 1, 1), (inner, 3, stride), (out, 1, 1)] if bottleneck else [(out, 3, stride), (out, 3, 1)]
        self.depth, before = len(plan), channels
        for number, (after, side, step) in enumerate(plan, 1):
            self.add_module(f"conv{number}", nn.Conv2d(before, after, side, step, side // 2, bias=False))
            self.add_module(f"bn{number}", nn.BatchNorm2d(after))
            before = after
        fits = channels == out and stride == 1
        self.downsample = (
            None if fits else nn.Sequential(nn.Conv2d(channels, out, 1, stride, bias=False), nn.BatchNorm2d(out))
        )

    def forward(self, maps: Tensor) -> Tensor:
        shortcut = maps if self.downsample is None else self.downsample(maps)
        for number in range(1, self.depth + 1):
            maps = getattr(self, f"bn{number}")(getattr(self, f"conv{number}")(maps))
            if number < self.depth:
                maps = relu(maps)
        return relu(maps + shortcut)


@pytest.mark.parametrize("bottleneck", [True, False])
def test_a_resnet_of_torchvision_s_names_answers_as_before(bottleneck: bool, tmp_path: Path) -> None:
    torch.manual_seed(0)
    widths, depths = [8, 16, 24, 32], [2, 1, 2, 1]
    theirs = TorchvisionResNet(8, widths, depths, bottleneck).eval()
    images = torch.randn(2, 3, 70, 64)
    with torch.inference_mode():
        theirs.train()(images)  # statistics other than 0 and 1
        theirs.eval()
    options = {
        "embedding_size": 8,
        "hidden_sizes": widths,
        "depths": depths,
        "layer_type": "bottleneck" if bottleneck else "basic",
    }
    ours = initialise(build("resnet", 3, options), stored(tmp_path, theirs.state_dict())).eval()
    ours.head.load_state_dict(theirs.fc.state_dict())
    with torch.inference_mode():
        assert torch.allclose(ours(images).logits, theirs(images), atol=1e-5)


@pytest.mark.parametrize("dot", ["", "."])  # names of newer and older files
def test_a_densenet_of_torchvision_s_names_is_taken(dot: str, tmp_path: Path) -> None:
    options = {"init_features": 8, "growth_rate": 4, "block_config": (2, 1)}
    ours = build("densenet121", 3, options)
    target = drawn(ours.network.state_dict())
    published = {
        re.sub(r"\.layers\.(norm|conv)(\d)", rf".\1{dot}\2", key).replace("class_layers.out", "classifier"): value
        for key, value in target.items()
    }
    assert f"features.denseblock1.denselayer2.norm{dot}1.running_var" in published
    assert "features.transition1.conv.weight" in published
    initialise(ours, stored(tmp_path, published))
    for key, value in ours.network.state_dict().items():
        if not ours.in_head(key) and value.is_floating_point():
            assert torch.equal(value, target[key])


def test_a_vgg_has_torchvision_s_names_and_keeps_its_two_hidden_layers(tmp_path: Path) -> None:
    with torch.device("meta"):
        shapes = {key: tuple(value.shape) for key, value in build("vgg16", 1000, {}).network.state_dict().items()}
    convolutions = [key for key in shapes if key.startswith("features") and key.endswith("weight")]
    assert convolutions == [f"features.{n}.weight" for n in (0, 2, 5, 7, 10, 12, 14, 17, 19, 21, 24, 26, 28)]
    assert shapes["features.28.weight"] == (512, 512, 3, 3)
    assert shapes["classifier.0.weight"] == (4096, 25088)
    assert shapes["classifier.3.weight"] == (4096, 4096)
    assert shapes["classifier.6.weight"] == (1000, 4096)
    ours = build("vgg16", 3, {"width": 0.07, "hidden": 16})
    published = drawn(ours.network.state_dict())
    initialise(ours, stored(tmp_path, published))
    state = ours.network.state_dict()
    assert torch.equal(state["classifier.3.weight"], published["classifier.3.weight"])
    assert not torch.equal(state["classifier.6.weight"], published["classifier.6.weight"])


def test_an_outliner_starts_from_another_s_weights_with_fresh_outlets(tmp_path: Path) -> None:
    options = {"features": (4, 4, 8, 8, 8, 4)}
    taught = build("u_net", 5, options)
    ours = initialise(build("u_net", 2, options), stored(tmp_path, taught.network.state_dict()))
    key = "upcat_1.convs.conv_1.conv.weight"
    assert torch.equal(ours.network.state_dict()[key], taught.network.state_dict()[key])
    assert ours.network.state_dict()["final_conv.weight"].shape[0] == 2


def test_a_hub_has_nothing_for_networks_that_transformers_does_not_know() -> None:
    with pytest.raises(ValueError, match="a hub's models do not fit InceptionV3"):
        initialise(build("inception_v3", 3, {"width": 0.1}), "microsoft/resnet-50")
