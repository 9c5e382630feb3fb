"""`config.json` of a bundle, in whichever format it was written."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from models.files.plain import BundleError, read_json

FORMAT = 2  # bundles of format 1 name no tasks and are read as well


def read_config(folder: Path) -> dict[str, Any]:
    """A bundle's `config.json` as format 2 has it, whichever it was written in, with each network's outputs.

    Raises BundleError in one sentence for what is no bundle.
    """
    config = read_json(folder / "config.json")
    try:
        if config.get("format", 1) == 1:
            config = _from_format_1(config)
        if config["format"] != FORMAT:
            raise BundleError(
                f"{folder} is written in format {config['format']}, expected {FORMAT} or older; update the program"
            )
        for name, values in config["networks"].items():
            if Path(name).name != name:
                raise BundleError(f"{folder} names a network {name!r}, expected a name without a path")
            if "outputs" not in values:  # format 1 keeps an order for the networks that answer a question alone
                values["outputs"] = read_json(folder / name / "config.json")["osteolens"]["labels"]
        config["name"], config["version"], config["facts"], config["learned_from"]
    except (KeyError, TypeError, AttributeError) as fault:
        raise BundleError(
            f"{folder / 'config.json'} lacks {fault}, expected the config of a bundle; fetch the bundle again"
        ) from fault
    return config


def _from_format_1(config: Mapping[str, Any]) -> dict[str, Any]:
    """Three kinds of networks, told apart by the table they stand in, became one that names its task."""
    scored = bool(config.get("scores"))
    asked = "scores" if scored else "classes"
    networks: dict[str, Any] = {}
    for name, values in config["candidates"].items():
        facts = dict(values.get("facts", {}))
        if not scored:
            facts["temperature"] = values["temperature"]
        if "region" in values:
            facts["region"] = values["region"]
        if "voice" in values:
            facts["weight"] = values["voice"]
        networks[name] = {"task": asked, "outputs": config["scores"] if scored else config["labels"], "facts": facts}
    # Where classes are told, dense networks outline regions; elsewhere they mark points.
    for name, facts in config.get("outliners", {}).items():
        networks[name] = {"task": "masks" if config["labels"] else "landmarks", "facts": facts}
    for name, facts in config.get("densitometers", {}).items():
        networks[name] = {"task": "density", "facts": facts}
    facts_of: dict[str, Any] = {"density": {"coverage": config["coverage"]}} if config.get("densitometers") else {}
    if config["candidates"]:
        facts_of[asked] = {"coverage": config["coverage"]}
        if not scored:
            facts_of[asked]["conformal_quantile"] = config["conformal_quantile"]
    kept = ("name", "version", "learned_from", "intended_use", "provenance")
    return {"format": FORMAT, **{key: config[key] for key in kept}, "networks": networks, "facts": facts_of}
