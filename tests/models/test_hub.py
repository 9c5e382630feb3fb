"""A bundle goes to a hub and comes back the same, and nothing else comes with it."""

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import huggingface_hub.constants
import numpy as np
import pytest
import torch

import cli
from core.radiograph import Radiograph
from core.settings import ROOT, settings
from imaging.preprocess import Preprocess
from models import engine, registry
from models.bundle import Bundle, fingerprint, load, save
from models.files.plain import BundleError
from models.hub.errors import HubFault
from models.hub.fetch import fetch, install
from models.hub.publish import publish
from tests.hub import Repository, StandIn, stand_in

IMAGE = np.random.default_rng(0).random((3, 64, 64), dtype=np.float32) * 2 - 1
CPU = torch.device("cpu")


@pytest.fixture
def hub(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[StandIn]:
    with stand_in() as there:
        template = there.url + "/{repo_id}/resolve/{revision}/{filename}"
        monkeypatch.setattr(huggingface_hub.constants, "HUGGINGFACE_CO_URL_TEMPLATE", template)
        monkeypatch.setattr(huggingface_hub.constants, "ENDPOINT", there.url)
        monkeypatch.setattr(huggingface_hub.constants, "HF_HUB_CACHE", str(tmp_path / "cache"))
        monkeypatch.setattr(huggingface_hub.constants, "HF_HUB_DISABLE_XET", True)
        monkeypatch.setenv("HF_TOKEN", "hf_test")
        yield there


@pytest.fixture
def folder(tiny_bundle: Path) -> Path:
    return tiny_bundle / "knee_resnet" / "0.1.0"


def test_a_bundle_comes_back_as_it_went_under_its_fingerprint(hub: StandIn, folder: Path, tmp_path: Path) -> None:
    done = publish(folder, "lab/knees")
    there = hub.repositories["models/lab/knees"]
    assert done.url == f"{hub.url}/lab/knees/commit/{there.main}"
    assert there.tags == {"v0.1.0": there.main}
    assert there.said == [f"knee_resnet@0.1.0, fingerprint {fingerprint(folder)}"]
    back = install("lab/knees", tmp_path / "shelf", "v0.1.0", fingerprint(folder))
    assert (back.parent.name, back.name, fingerprint(back)) == ("knee_resnet", "0.1.0", fingerprint(folder))
    files = {file.relative_to(back) for file in back.rglob("*") if file.is_file()}
    assert files == {file.relative_to(folder) for file in folder.rglob("*") if file.is_file()}
    first, second = (load(one).networks["vit"] for one in (folder, back))
    assert np.array_equal(engine.answer(first, IMAGE, CPU).logits, engine.answer(second, IMAGE, CPU).logits)


def test_from_python_it_is_loaded_by_the_name_of_its_repository(hub: StandIn, folder: Path) -> None:
    bundle = Bundle.from_pretrained(folder)
    bundle.push_to_hub("lab/knees")
    replace(bundle, version="0.2.0").push_to_hub("lab/knees")
    assert Bundle.from_pretrained("lab/knees").version == "0.2.0"
    assert Bundle.from_pretrained("lab/knees", revision="v0.1.0").version == "0.1.0"


def test_a_version_never_changes_on_a_hub_either(hub: StandIn, folder: Path) -> None:
    publish(folder, "lab/knees")
    with pytest.raises(BundleError, match=r"has v0\.1\.0 already and a version never changes"):
        publish(folder, "lab/knees")
    assert len(hub.repositories["models/lab/knees"].said) == 1


def test_a_dry_run_asks_nothing_of_the_hub(hub: StandIn, folder: Path) -> None:
    done = publish(folder, "lab/knees", dry_run=True)
    assert done.url is None
    assert {"README.md", "checksums.json", "vit/model.safetensors"} <= done.files.keys()
    assert not hub.asked


def test_private_is_private(hub: StandIn, folder: Path) -> None:
    publish(folder, "lab/knees", private=True)
    assert hub.repositories["models/lab/knees"].private
    hub.repositories["models/lab/open"] = Repository()
    with pytest.raises(BundleError, match="lab/open is public, expected a private repository"):
        publish(folder, "lab/open", private=True)
    assert not hub.repositories["models/lab/open"].files


def test_patients_stay_and_digests_of_films_go(hub: StandIn, folder: Path, tmp_path: Path) -> None:
    taught = {"key": "abc", "films": ["f" * 16], "patients": ["p" * 16]}
    publish(save(replace(load(folder), version="0.3.0", taught=taught), tmp_path), "lab/knees")
    assert json.loads(hub.repositories["models/lab/knees"].files["taught.json"]) == {"films": ["f" * 16]}


@pytest.mark.parametrize(
    ("path", "content", "said"),
    [
        ("vit/model.safetensors", lambda old: old[:-1] + b"\0", "is not the file that was published"),
        ("config.json", lambda old: old + b"\n", "is not the file that was published"),
        ("evidence.json", lambda _: None, "evidence.json is missing"),
        ("checksums.json", lambda _: None, "holds no checksums.json"),
        ("checksums.json", lambda _: b"[" * 100_000, "cannot be read"),
        ("evidence.json", lambda _: b" " * 33_000_000, "expected at most 32 MB"),
    ],
)
def test_what_was_changed_or_is_too_large_is_not_installed(
    hub: StandIn, folder: Path, tmp_path: Path, path: str, content: object, said: str
) -> None:
    publish(folder, "lab/knees")
    files = dict(hub.repositories["models/lab/knees"].files)
    new = content(files.pop(path))  # type: ignore[operator]
    hub.repositories["models/lab/knees"].commit(files | ({} if new is None else {path: new}), "changed")
    with pytest.raises(BundleError, match=said):
        install("lab/knees", tmp_path / "shelf")
    assert not (tmp_path / "shelf").exists()
    assert install("lab/knees", tmp_path / "shelf", "v0.1.0").is_dir()


def test_another_bundle_than_the_one_expected_is_not_installed(hub: StandIn, folder: Path, tmp_path: Path) -> None:
    publish(folder, "lab/knees")
    with pytest.raises(BundleError, match="expected 0123456789abcdef"):
        install("lab/knees", tmp_path / "shelf", expected="0123456789abcdef")
    assert not (tmp_path / "shelf").exists()


def test_neither_code_nor_pickle_is_fetched(hub: StandIn, folder: Path, tmp_path: Path) -> None:
    publish(folder, "lab/knees")
    repository = hub.repositories["models/lab/knees"]
    bad = dict.fromkeys(("vit/pipeline_osteolens.py", "vit/model.bin", "../../evil.json"), b"raise SystemExit")
    repository.commit({**repository.files, **bad}, "more")
    back = install("lab/knees", tmp_path / "shelf")
    assert not any(name in asked for asked in hub.asked for name in (".py", ".bin", "evil"))
    assert (back / "vit/pipeline_osteolens.py").read_text() == (folder / "vit/pipeline_osteolens.py").read_text()
    assert registry.has("knee_resnet@0.1.0", tmp_path / "shelf")


def test_weights_of_another_kind_are_told_what_they_are_good_for(hub: StandIn) -> None:
    hub.repositories["models/other/vit"] = Repository(commits={"1" * 40: {"config.json": b"{}", "model.bin": b""}})
    with pytest.raises(BundleError, match="first weights for `train --init`"):
        fetch("other/vit")


def test_the_hub_s_faults_are_one_sentence(hub: StandIn, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(HubFault, match="no such repository, or it is private"):
        fetch("lab/nothing")
    for wrong in ("knees", "../x", "a/b/c"):
        with pytest.raises(BundleError, match="expected a repository such as org/name"):
            fetch(wrong)
    monkeypatch.setattr(huggingface_hub.constants, "ENDPOINT", "http://127.0.0.1:9")
    with pytest.raises(HubFault, match="the hub cannot be reached"):
        publish(folder, "lab/knees")


def test_on_the_command_line(
    hub: StandIn, tiny_bundle: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def run(*words: str) -> tuple[int, str]:
        code = cli.main(["models", *words])
        return code, "".join(capsys.readouterr())

    monkeypatch.setenv("OSTEOLENS_WEIGHTS", str(tiny_bundle))
    settings.cache_clear()
    assert run("publish", "knee_resnet@0.1.0")[0] == 2
    code, said = run("publish", "knee_resnet@0.1.0", "--to", "lab/knees", "--dry-run")
    assert (code, "would go to lab/knees as v0.1.0" in said, hub.asked) == (0, True, [])
    assert run("publish", "knee_resnet@0.1.0", "--to", "lab/knees")[0] == 0
    assert run("publish", "knee_resnet@0.1.0", "--to", "lab/knees")[0] == 2
    monkeypatch.setenv("OSTEOLENS_WEIGHTS", str(tmp_path / "mine"))
    settings.cache_clear()
    code, said = run("install", "lab/knees@v0.1.0")
    assert (code, str(tmp_path / "mine/knee_resnet/0.1.0") in said) == (0, True)
    hub.down = True
    assert run("install", "lab/knees@v0.1.0")[0] == 1


@pytest.mark.slow
def test_transformers_loads_a_network_from_a_subfolder_of_what_was_published(hub: StandIn, tmp_path: Path) -> None:
    publish(ROOT / "weights/hip_vit/0.3.0", "lab/hips")
    code = (
        "from transformers import AutoImageProcessor, AutoModelForImageClassification as A\n"
        "import numpy as np, torch\n"
        "told = dict(subfolder='vit', trust_remote_code=True, revision='v0.3.0')\n"
        "film = AutoImageProcessor.from_pretrained('lab/hips', **told)(np.eye(200), return_tensors='pt')\n"
        "print(A.from_pretrained('lab/hips', **told)(**film).logits.tolist()[0])\n"
    )
    env = {**os.environ, "HF_ENDPOINT": hub.url, "HF_HOME": str(tmp_path / "hf"), "HF_HUB_DISABLE_XET": "1"}
    done = subprocess.run([sys.executable, "-c", code], cwd=tmp_path, env=env, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr[-2000:]
    node = registry.at(ROOT / "weights/hip_vit/0.3.0").networks["vit"]
    film = Radiograph(np.eye(200, dtype=np.float32), "")
    ours = engine.answer(node, Preprocess.from_dict(node.preprocessing)(film), CPU)
    assert np.allclose(json.loads(done.stdout.splitlines()[-1]), ours.logits, atol=1e-4)
