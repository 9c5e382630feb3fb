"""Real ImageNet weights under torchvision's names come out as they went in."""

import numpy as np
import pytest
import torch
from safetensors.torch import load_file
from sklearn.datasets import load_sample_image

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
