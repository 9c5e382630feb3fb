"""Code beside weights: the very sources of this project that answer, joined into files that stand alone.

`transformers` fetches them with the weights and runs them where `trust_remote_code=True` is given. They are made from
the modules that a reading runs, so that there is no second version to keep in step.
"""

import ast
from functools import cache
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
OURS = ("core", "imaging", "models")
IMAGES, PIPELINE = "image_processing_osteolens", "pipeline_osteolens"  # modules beside every classifier's weights


def modeling(network: str) -> str:
    """The module that holds a network of that name: a bundle may hold several, and a hub looks for all in one place."""
    return f"modeling_osteolens_{network}"


def code_of(network: str | None, kind: type) -> dict[str, str]:
    """By file name, the code beside a classifier's weights. network: its name, or None for one whose layers
    transformers knows. kind: its class."""
    files = {f"{IMAGES}.py": joined("imaging.for_transformers"), f"{PIPELINE}.py": joined("models.hub.pipeline")}
    if network is not None:
        bound = f"\n\nOsteolensForImageClassification.kind = {kind.__name__}\n"
        files[f"{modeling(network)}.py"] = joined(kind.__module__, "models.hub.model") + bound
    return files


@cache
def joined(*modules: str) -> str:
    """Modules and all of ours that they import, as one that imports nothing of ours."""
    order: list[str] = []
    for module in modules:
        _collect(module, order)
    head = "# Made from Osteolens, Apache-2.0: " + ", ".join(f"{name.replace('.', '/')}.py" for name in order) + ".\n"
    return head + "\n\n".join(_alone(name) for name in order)


def _collect(module: str, order: list[str]) -> None:
    """Whatever a module imports of ours, each before what needs it."""
    if module not in order:
        for node in _imports(module):
            _collect(str(node.module), order)
        order.append(module)


def _imports(module: str) -> list[ast.ImportFrom]:
    body = ast.parse(_source(module)).body
    return [node for node in body if isinstance(node, ast.ImportFrom) and str(node.module).partition(".")[0] in OURS]


def _alone(module: str) -> str:
    """A module's source without what it imports of ours."""
    lines = _source(module).splitlines()
    dropped = {line for node in _imports(module) for line in range(node.lineno, (node.end_lineno or node.lineno) + 1)}
    return "\n".join(line for number, line in enumerate(lines, 1) if number not in dropped).strip() + "\n"


def _source(module: str) -> str:
    return (ROOT / f"{module.replace('.', '/')}.py").read_text(encoding="utf-8")
