"""Where a network's first weights come from: nothing, a bundle, a weights file, or a hub."""

import re
from pathlib import Path
from typing import TypeVar

import torch
from safetensors import SafetensorError
from safetensors.torch import load_file
from torch import Tensor
from transformers import PreTrainedModel

from models.networks import DenseNet121, MobileNetV2, Network, ResNet, reset_head

WEIGHTS = "model.safetensors"
Kind = TypeVar("Kind", bound=Network)


def initialise(network: Kind, source: str, candidate: str = "") -> Kind:
    """Give `network` its first weights, all but the head.

    source: `scratch`; a file of safetensors, by this project's key names or, where torchvision publishes the network,
    by torchvision's; a folder that transformers' `save_pretrained` wrote; a bundle's network folder, or its root, from
    which the network of the name `candidate` is taken; or a hub id such as `google/mobilenet_v2_1.0_224`, which needs
    the hub to be reachable.
    Raises ValueError in one sentence when the source does not fit the network or cannot be had.
    """
    if source == "scratch":
        return network
    path = Path(source)
    if path.is_dir():
        path = _weights_in(path, candidate)
    if path.is_file():
        try:
            state = load_file(path)
        except SafetensorError as fault:
            raise ValueError(f"{path} is no file of safetensors ({fault}); pass weights in that format") from fault
        _load(network, _by_our_names(network, state), source)
    elif path.suffix == ".safetensors" or source.startswith((".", "/")):
        raise ValueError(
            f"found no weights at {source}, expected a file of safetensors or a bundle's folder; check the path"
        )
    else:
        _load(network, _from_hub(network, source), source)
    reset_head(network)
    return network


def _weights_in(folder: Path, candidate: str) -> Path:
    """The weights file of a folder: its own, or, in the root of a bundle, that of the network of a name.

    Raises ValueError in one sentence that says which networks there are, or which files.
    """
    if (folder / WEIGHTS).is_file():
        return folder / WEIGHTS
    if (folder / f"{WEIGHTS}.index.json").is_file():
        raise ValueError(
            f"{folder} keeps its weights in several files, expected one {WEIGHTS}; save it with max_shard_size above "
            "its size"
        )
    networks = sorted(file.parent.name for file in folder.glob(f"*/{WEIGHTS}"))
    if candidate in networks:
        return folder / candidate / WEIGHTS
    if networks:
        raise ValueError(
            f"{folder} is a bundle without a network {candidate or 'of no name'}, its networks are "
            f"{', '.join(networks)}; pass the folder of one of them, such as {folder / networks[0]}"
        )
    there = ", ".join(sorted(one.name for one in folder.iterdir())[:5]) or "nothing"
    raise ValueError(
        f"found {there} in {folder}, expected {WEIGHTS}, as a bundle has it and save_pretrained writes it; "
        "save the weights as safetensors"
    )


def begin_with(network: Kind, taught: Network) -> Kind:
    """Give `network` the weights of one taught before, all but the head. Raises ValueError where they do not fit."""
    _load(network, taught.network.state_dict(), type(taught).__name__)
    return network


# torchvision's names, and the same weights in transformers' ResNet.
RESNET = (
    (r"^conv1\.", "resnet.embedder.embedder.convolution."),
    (r"^bn1\.", "resnet.embedder.embedder.normalization."),
    (r"^layer(\d)\.(\d+)\.downsample\.0\.", r"resnet.encoder.stages.<\1>.layers.\2.shortcut.convolution."),
    (r"^layer(\d)\.(\d+)\.downsample\.1\.", r"resnet.encoder.stages.<\1>.layers.\2.shortcut.normalization."),
    (r"^layer(\d)\.(\d+)\.conv(\d)\.", r"resnet.encoder.stages.<\1>.layers.\2.layer.<\3>.convolution."),
    (r"^layer(\d)\.(\d+)\.bn(\d)\.", r"resnet.encoder.stages.<\1>.layers.\2.layer.<\3>.normalization."),
    (r"<(\d)>", lambda found: str(int(found[1]) - 1)),  # torchvision counts layers from 1
)
# torchvision's names, old (norm.1) and new (norm1), in MONAI's DenseNet.
DENSENET = ((r"\.(denselayer\d+)\.(norm|conv)\.?([12])\.", r".\1.layers.\2\3."),)


def _by_our_names(network: Network, state: dict[str, Tensor]) -> dict[str, Tensor]:
    """Weights under torchvision's names under those of the network; Inception v3 and VGG-16 share theirs."""
    if isinstance(network, MobileNetV2) and "features.0.0.weight" in state:
        return _mobilenet(state, network.network.state_dict())
    table = RESNET if isinstance(network, ResNet) else DENSENET if isinstance(network, DenseNet121) else ()
    for pattern, name in table:
        state = {re.sub(pattern, name, key): value for key, value in state.items()}
    return state


def _mobilenet(state: dict[str, Tensor], target: dict[str, Tensor]) -> dict[str, Tensor]:
    """MobileNetV2 by torchvision's names to transformers' names: both list the same layers in the same order."""
    order = sorted(
        (key for key in state if not key.startswith("classifier")),
        key=lambda key: [int(part) if part.isdigit() else -1 for part in key.split(".")[1:-1]],
    )
    layers: dict[str, list[str]] = {}
    for key in order:
        layers.setdefault(key.rsplit(".", 1)[0], []).append(key.rsplit(".", 1)[1])
    names = list(dict.fromkeys(key.rsplit(".", 1)[0] for key in target if not key.startswith("classifier")))
    if len(names) != len(layers):
        raise ValueError(f"found {len(layers)} layers in the weights, expected {len(names)} of MobileNetV2 1.0")
    return {
        f"{new}.{tensor}": state[f"{old}.{tensor}"]
        for new, (old, tensors) in zip(names, layers.items(), strict=True)
        for tensor in tensors
    }


def _from_hub(network: Network, source: str) -> dict[str, Tensor]:
    """The weights of a hub model of the same class."""
    if not isinstance(network.network, PreTrainedModel):
        raise ValueError(
            f"found no file {source}, and a hub's models do not fit {type(network).__name__}; "
            "pass --init with a local file of safetensors"
        )
    try:
        return type(network.network).from_pretrained(source).state_dict()
    except (OSError, ValueError) as fault:
        raise ValueError(
            f"the hub did not give {source} ({str(fault).splitlines()[0]}); connect to it, "
            "or pass --init with a local folder"
        ) from fault


def _load(network: Network, state: dict[str, Tensor], source: str) -> None:
    """Load what is not the head; everything but the head must be there, in its shape."""
    target = network.network.state_dict()
    wanted = [key for key in target if not network.in_head(key) and not key.endswith("num_batches_tracked")]
    missing = [key for key in wanted if key not in state]
    wrong = [key for key in wanted if key in state and state[key].shape != target[key].shape]
    if missing or wrong:
        first = (missing + wrong)[0]
        found = tuple(state[first].shape) if first in state else "nothing"
        raise ValueError(
            f"{source} does not fit: {len(missing)} weights missing and {len(wrong)} of another shape "
            f"(first {first}: found {found}, expected {tuple(target[first].shape)}); pass weights of the same network"
        )
    network.network.load_state_dict({key: state[key].to(torch.float32) for key in wanted}, strict=False)
