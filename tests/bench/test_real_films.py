"""The bench on real films: its figures over persons, its kept answers and its rule for faulty outlines."""

import json
from pathlib import Path

import numpy as np
import pytest

from bench.real_films import answers
from bench.real_films.films import pelves
from bench.real_films.hips import faults
from bench.real_films.persons import over_persons, percent, quantile, share
from bench.real_films.repeat import AS_IT_IS, WAYS
from core.regions import Region, Regions
from core.settings import settings
from imaging.outline import outline_of


def regions(**masks: np.ndarray) -> Regions:
    return Regions(tuple(Region(name, mask, outline_of(mask), 1.0) for name, mask in masks.items()))


def femur() -> dict[str, np.ndarray]:
    """A shaft, a head beside it and the neck between, with four regions on them."""
    rows, columns = np.mgrid[:200, :160]
    head = np.hypot(rows - 50, columns - 45) < 28
    shaft = (columns > 80) & (columns < 120) & (rows > 40)
    neck = (rows > 45) & (rows < 95) & (columns > 45) & (columns < 100)
    boxes = {
        "femoral_neck": neck & (columns > 60) & (columns < 80),
        "greater_trochanter": shaft & (rows < 80),
        "wards_triangle": neck & (columns > 70) & (columns < 78) & (rows > 60) & (rows < 75),
        "total_hip": (shaft & (rows < 150)) | (neck & (columns > 60)),
    }
    return {"femur": head | shaft | neck, **boxes}


def test_a_sound_outline_has_no_fault_and_each_fault_is_told() -> None:
    assert faults(regions(**femur())) == []
    outside = femur()
    outside["total_hip"] = np.roll(outside["total_hip"], 30, 1)
    assert "outside" in faults(regions(**outside))
    holed = femur()
    holed["femur"][100:120, 95:105] = False
    assert "holes" in faults(regions(**holed))
    missing = femur()
    del missing["wards_triangle"]
    assert faults(regions(**missing)) == ["missing"]


def test_intervals_draw_whole_persons() -> None:
    person = [str(number // 2) for number in range(40)]
    same = [float(number // 2) for number in range(40)]
    figure = quantile(person, same)
    assert figure.value == 9.5
    assert figure.low is not None
    assert figure.low < 9.5
    alone = over_persons(["a"] * 10, lambda rows: float(len(rows)))
    assert (alone.value, alone.low, alone.high) == (10, 10, 10)  # one person is always all there is
    assert percent(share(["a", "b"], [True, True])) == "100.0 % (100.0 to 100.0)"


def test_an_answer_that_is_kept_is_not_asked_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(answers, "KEPT", tmp_path)
    calls: list[int] = []

    def ask(item: int) -> int:
        calls.append(item)
        return 2 * item

    for items in ([1, 2], [1, 2, 3]):
        assert answers.asked("twice", items, str, ask, ("core",)) == [2 * item for item in items]
    assert calls == [1, 2, 3]
    (file,) = tmp_path.rglob("3.json")
    assert json.loads(file.read_text()) == 6


def test_every_way_of_showing_a_film_again_changes_it_and_keeps_its_scale() -> None:
    grey = np.random.default_rng(0).random((80, 60)).astype(np.float32)
    plain = WAYS[AS_IT_IS](grey, 0.5)
    for name, way in WAYS.items():
        shown = way(grey, 0.5)
        assert (shown.data == plain.data) == (name == AS_IT_IS), name
        assert shown.pixel_mm == (1.0 if name == "half size" else 0.5)


def test_real_pelves_are_named_once_and_split_by_person() -> None:
    if not (settings().data / "pelvis_ap").is_dir():
        pytest.skip(f"no real pelves at {settings().data} (OSTEOLENS_DATA)")
    films = pelves()
    assert len({film.name for film in films}) == len(films)
    assert 0.35 < np.mean([film.half == "report" for film in films]) < 0.65
    assert all("head_centre" in film.marks[side] for film in films for side in ("R", "L"))
