"""What every test may ask for: a home of its own, small bundles, drawn films. Never a person's film."""

import atexit
import os
import shutil
import tempfile
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch

import recipes
from core.labels import CLASSES
from core.settings import settings
from evidence.out_of_distribution import fit_out_of_distribution
from imaging.preprocess import Preprocess
from models.bundle import Bundle, Node, by_name, save
from models.networks import build
from tests.tiny import OPTIONS

torch.set_num_threads(1)  # networks of tests are too small to share out, and their threads would wait for one another


if "PYTEST_XDIST_WORKER" not in os.environ:  # one for the whole run: many tests and servers read the same films
    os.environ["OSTEOLENS_CACHE"] = tempfile.mkdtemp(prefix="osteolens-cache-")
    atexit.register(shutil.rmtree, os.environ["OSTEOLENS_CACHE"], ignore_errors=True)


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """With `-n`, the tests of a file share a process and its fixtures; so do all that speak with Label Studio, whose
    server takes a minute to start."""
    for item in items:
        shared = "label_studio" in getattr(item, "fixturenames", ())
        item.add_marker(pytest.mark.xdist_group("label-studio" if shared else str(item.path)))


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """An installation of its own for each test, so that none touches the developer's worklist, key or Label Studio."""
    folder = tmp_path / "home"
    monkeypatch.setenv("OSTEOLENS_HOME", str(folder))
    monkeypatch.setenv("OSTEOLENS_LABEL_STUDIO_URL", "")  # whatever `.env` says
    monkeypatch.setenv("OSTEOLENS_MESHES", "")
    settings.cache_clear()
    yield folder
    settings.cache_clear()


@pytest.fixture(scope="session")
def tiny_bundle(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder of weights with one small untrained bundle, `knee_resnet@0.1.0`."""
    root = tmp_path_factory.mktemp("weights")
    write_tiny_bundle(root)
    return root


@pytest.fixture
def tiny_weights(tiny_bundle: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Read whole films with the small bundle, which has no finder beside it."""
    monkeypatch.setenv("OSTEOLENS_WEIGHTS", str(tiny_bundle))
    whole = replace(recipes.RECIPES["knee_resnet"], bundle="knee_resnet@0.1.0", finder=None, shared=False)
    monkeypatch.setitem(recipes.RECIPES, "knee_resnet", whole)
    settings.cache_clear()
    return tiny_bundle


def write_tiny_bundle(root: Path, name: str = "knee_resnet", version: str = "0.1.0") -> Path:
    """Untrained networks in a whole bundle: everything but skill."""
    torch.manual_seed(0)
    nodes = []
    for network, options in OPTIONS.items():
        weights = build(network, len(CLASSES), options).eval()
        preprocess = Preprocess(size=(64, 64))
        with torch.inference_mode():
            width = weights(torch.zeros(1, 3, 64, 64)).features.shape[1]
        features = np.random.default_rng(0).normal(size=(40, width)).astype(np.float32)
        near = fit_out_of_distribution(features, features[::2]).arrays()
        near["bounds"] = np.array([1e6, 1e9], np.float32)  # untrained features know no film from another
        facts = {"temperature": 1.5}
        nodes.append(Node(network, "classes", network, options, preprocess.to_dict(), CLASSES, weights, facts, near))
    figure = {"value": 0.33, "low": 0.2, "high": 0.5}
    classes = {
        label: {
            "films": 1,
            "prevalence": 1 / 3,
            **dict.fromkeys(("auc", "sensitivity", "specificity", "ppv", "npv"), figure),
        }
        for label in CLASSES
    }
    scores = dict.fromkeys(("accuracy", "balanced_accuracy", "quadratic_kappa", "brier"), figure)
    part = {
        "joint": {"films": 3, "groups": 3, **scores, "classes": classes, "confusion": np.eye(3, dtype=int).tolist()}
    }
    return save(
        Bundle(
            name=name,
            version=version,
            networks=by_name(*nodes),
            facts={"classes": {"coverage": 0.9, "conformal_quantile": 0.8}},
            learned_from="nothing: random weights for tests",
            intended_use="For tests.",
            provenance={"seed": 0},
            evidence={"data": {}, "test": part, "cross_validation": part},
            card="---\nlicense: apache-2.0\n---\n# tiny\n",
        ),
        root,
    )
