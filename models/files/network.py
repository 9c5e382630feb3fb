"""One network of a bundle: its weights, and its configs as transformers reads them."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from models.files.beside import IMAGES, PIPELINE, code_of, modeling
from models.files.plain import BundleError, read_json, write_json

if TYPE_CHECKING:  # a listing of bundles needs no network library
    from models.bundle import Node
    from models.networks import Network

CONFIG, WEIGHTS, INPUTS = "config.json", "model.safetensors", "preprocessor_config.json"
FAMILIARITY = "familiarity.safetensors"
PIPELINES = {"impl": f"{PIPELINE}.OsteolensPipeline", "pt": ["AutoModelForImageClassification"]}


def save_network(part: Path, node: "Node") -> None:
    """Write one network into a new folder, its weights in half precision."""
    from safetensors.torch import save_file

    part.mkdir()
    state = node.weights.network.state_dict()
    half = {
        key: (value.half() if value.is_floating_point() else value).contiguous().cpu() for key, value in state.items()
    }
    save_file(half, part / WEIGHTS, metadata={"format": "pt"})
    save_familiarity(part, node)
    save_configs(part, node)


def save_familiarity(part: Path, node: "Node") -> None:
    from safetensors.numpy import save_file

    if node.ood:
        save_file(dict(node.ood), part / FAMILIARITY)


def save_configs(part: Path, node: "Node") -> None:
    """What a network's folder says beside its weights. One that answers about a film as a whole, a limb or a region
    also gets the code by which transformers loads it, prepares films as a reading does, and calibrates the answer."""
    from models.classifier import Classifier

    ours = {"network": node.network, "options": node.options, "labels": list(node.outputs), "unit": node.unit}
    config = node.weights.hub_config(node.outputs)
    answer = calibration(node.facts, node.outputs)
    if not isinstance(node.weights, Classifier) or answer is None:
        write_json(part / CONFIG, {**config, "osteolens": ours})
        write_json(part / INPUTS, node.preprocessing)
        return
    config["custom_pipelines"] = {"image-classification": PIPELINES}
    config["problem_type"] = "multi_label_classification" if "scale" in node.facts else "single_label_classification"
    if not node.weights.plain:
        code = modeling(node.network)
        config["architectures"] = ["OsteolensForImageClassification"]
        config["auto_map"] = {
            "AutoConfig": f"{code}.OsteolensConfig",
            "AutoModelForImageClassification": f"{code}.OsteolensForImageClassification",
        }
    told = {"clinical": node.facts["clinical"]} if "clinical" in node.facts else {}
    write_json(part / CONFIG, {**config, "osteolens": {**ours, **answer, **told}})
    inputs = {
        "image_processor_type": "OsteolensImageProcessor",
        "auto_map": {"AutoImageProcessor": f"{IMAGES}.OsteolensImageProcessor"},
        "unit": node.unit,
        "osteolens": node.preprocessing,
    }
    write_json(part / INPUTS, inputs)
    for name, code in code_of(None if node.weights.plain else node.network, type(node.weights)).items():
        (part / name).write_text(code, encoding="utf-8")


def calibration(facts: Mapping[str, Any], outputs: Sequence[str]) -> dict[str, list[float]] | None:
    """What was fitted to a network's logits [K], as a line for each: probabilities are the softmax of slope * logit +
    shift over classes, or its sigmoid for each score. None where nothing of the kind was fitted."""
    if "scale" in facts:
        lines = [facts["scale"][name] for name in outputs]
        return {"slope": [float(slope) for slope, _ in lines], "shift": [float(shift) for _, shift in lines]}
    if "temperature" not in facts:
        return None
    by, bias = 1 / float(facts["temperature"]), facts.get("bias") or [0.0] * len(outputs)
    return {"slope": [by] * len(outputs), "shift": [by * float(value) for value in bias]}


def load_node(part: Path, values: Mapping[str, Any]) -> "Node":
    """A network as its bundle describes it. Raises BundleError in one sentence for one that is damaged."""
    from safetensors.numpy import load_file

    from models.bundle import Node

    config = read_json(part / CONFIG)["osteolens"]
    if tuple(config["labels"]) != tuple(values["outputs"]):
        raise BundleError(
            f"{part} orders its outputs {config['labels']}, its bundle {list(values['outputs'])}; the bundle is damaged"
        )
    ood, inputs = part / FAMILIARITY, read_json(part / INPUTS)
    return Node(
        name=part.name,
        task=values["task"],
        network=config["network"],
        options=config["options"],
        preprocessing=inputs.get("osteolens", inputs),
        outputs=tuple(config["labels"]),
        weights=_network(part, config),
        facts=values["facts"],
        ood=load_file(ood) if ood.exists() else {},
        unit=config.get("unit", "film"),
    )


def _network(part: Path, config: Mapping[str, Any]) -> "Network":
    """The network with its weights, ready to answer."""
    from safetensors import SafetensorError
    from safetensors.torch import load_file

    from models.networks import build

    network = build(config["network"], len(config["labels"]), config["options"])
    try:
        state = load_file(part / WEIGHTS)
        full = {key: value.float() if value.is_floating_point() else value for key, value in state.items()}
        network.network.load_state_dict(full, strict=True)
    except (OSError, RuntimeError, ValueError, SafetensorError) as fault:
        raise BundleError(
            f"the weights in {part} do not fit {config['network']}: {str(fault).splitlines()[0]}"
        ) from fault
    return network.eval().requires_grad_(False)
