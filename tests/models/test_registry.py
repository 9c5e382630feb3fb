"""Every bundle is loaded once, whoever asks first and however many there are."""

import shutil
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from threading import Barrier

import pytest

from core.settings import ROOT
from models import registry
from models.bundle import Bundle, load


def _copies(folder: Path, root: Path, count: int) -> list[str]:
    """So many bundles of that one's content, by `name@version`."""
    for number in range(count):
        shutil.copytree(folder, root / "knee_resnet" / f"0.1.{number}")
    return [f"knee_resnet@0.1.{number}" for number in range(count)]


def test_more_bundles_than_ship_stay_loaded(tiny_bundle: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    read: list[Path] = []
    monkeypatch.setattr(registry, "load", lambda folder: read.append(folder) or load(folder))
    shipped = len(list((ROOT / "weights").glob("*/*/config.json")))
    names = _copies(tiny_bundle / "knee_resnet" / "0.1.0", tmp_path, shipped + 4)
    for _ in range(2):
        for name in names:
            registry.bundle(name, tmp_path)
    assert len(read) == len(names)


def test_two_first_films_load_a_bundle_once(tiny_bundle: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    read: list[Path] = []
    monkeypatch.setattr(registry, "load", lambda folder: read.append(folder) or load(folder))
    (name,) = _copies(tiny_bundle / "knee_resnet" / "0.1.0", tmp_path, 1)
    together = Barrier(6)

    def first_film(_: int) -> Bundle:
        together.wait(timeout=30)
        return registry.bundle(name, tmp_path)

    with ThreadPoolExecutor(6) as pool:
        bundles = list(pool.map(first_film, range(6)))
    assert len(read) == 1
    assert all(one is bundles[0] for one in bundles)


def test_two_bundles_load_side_by_side(tiny_bundle: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Neither waits for the other: each load waits until both have begun."""
    names, together = _copies(tiny_bundle / "knee_resnet" / "0.1.0", tmp_path, 2), Barrier(2)
    monkeypatch.setattr(registry, "load", lambda folder: (together.wait(timeout=30), load(folder))[1])
    with ThreadPoolExecutor(2) as pool:
        bundles = list(pool.map(lambda name: registry.bundle(name, tmp_path), names))
    assert bundles[0] is not bundles[1]


def test_a_bundle_that_was_replaced_is_loaded_again(tiny_bundle: Path, tmp_path: Path) -> None:
    (name,) = _copies(tiny_bundle / "knee_resnet" / "0.1.0", tmp_path, 1)
    before = registry.bundle(name, tmp_path)
    config = registry.find(name, tmp_path) / "config.json"
    config.write_text(config.read_text().replace('"coverage": 0.9', '"coverage": 0.8'))
    assert registry.bundle(name, tmp_path).facts["classes"]["coverage"] == 0.8
    assert before.facts["classes"]["coverage"] == 0.9


def test_a_damaged_bundle_takes_no_other_off_the_shelf(tiny_bundle: Path, tmp_path: Path) -> None:
    names = _copies(tiny_bundle / "knee_resnet" / "0.1.0", tmp_path, 3)
    (tmp_path / "knee_resnet/0.1.0/evidence.json").unlink()
    (tmp_path / "knee_resnet/0.1.1/config.json").write_text('{"format": 2, "networks": []}')
    assert [one["folder"] for one in registry.shelf(tmp_path)] == [str(tmp_path / names[2].replace("@", "/"))]
