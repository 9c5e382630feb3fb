"""The comparison of knees, whole, on drawn films: what leaks, what resumes, and what the page says."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

import simulation
from bench import knee_comparison, knee_questions
from core.settings import settings
from imaging.preprocess import Preprocess
from tasks.part import Candidate, Preset

pytestmark = pytest.mark.slow  # two of them take more than two minutes each

INPUTS = Preprocess((48, 48))
TINY = {"channels": [4, 4, 4], "hidden": 8}
NETWORKS = (
    Candidate("cnn3", "cnn3", INPUTS, TINY),
    Candidate("cnn3_frozen", "cnn3", replace(INPUTS, size=(64, 64)), TINY, frozen=1.0),
)
SMALL = Preset(1, 8, learning_rate=1e-3)


def silent(*_: object) -> None:
    """Progress that nobody watches."""


@pytest.fixture
def films(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A set of drawn legs, each twice, as a crop of itself; and one of virtual knees, which are found on films."""
    random = np.random.default_rng(0)
    knees = simulation.batch("knee_ap", 5, range(18), size=256, frame="single")
    for folder, labels in (("knee_binary", ("normal", "osteoporosis")), ("knee_qus", knee_questions.CLASSES)):
        lines = ["path,label,age_years,sex,bmi"]
        (tmp_path / folder).mkdir()
        for number in range(18):
            leg = (
                Image.fromarray(np.uint8(random.integers(0, 255, (24, 18)))).resize(
                    (180, 240), Image.Resampling.BICUBIC
                )
                if folder == "knee_binary"
                else Image.fromarray(np.uint8(knees[number].pixels * 255))
            )
            label = labels[number % len(labels)]
            names = [f"{number}.png", f"{number}_again.png"] if folder == "knee_binary" else [f"{number}.png"]
            for name, edge in zip(names, (0, 12), strict=False):
                leg.crop((edge, edge, *leg.size)).save(tmp_path / folder / name)
                lines.append(f"{name},{label},{50 + number},F,{20 + number % 9}")
        (tmp_path / folder / "manifest.csv").write_text("\n".join(lines))
    monkeypatch.setenv("OSTEOLENS_DATA", str(tmp_path))
    settings.cache_clear()
    return tmp_path


def test_copies_stand_on_one_side_unless_the_split_is_random(films: Path, tmp_path: Path) -> None:
    asked = {one.name: one for one in knee_questions.questions(INPUTS, 1, None, tmp_path / "kept", silent)}
    assert set(asked) == {"random", "grouped", "whole"}

    def leaks(question: knee_questions.Question) -> bool:
        group = question.films.group
        return any(set(group[learns]) & set(group[held]) for parts in question.rounds for learns, held in parts)

    assert leaks(asked["random"])
    assert not leaks(asked["grouped"])
    assert not leaks(asked["whole"])
    answered = np.concatenate([held for _, held in asked["grouped"].rounds[0]])
    assert sorted(answered) == list(range(len(asked["grouped"].films.group)))


def test_knees_of_one_film_stand_on_one_side_and_are_answered_as_one() -> None:
    film = np.repeat(np.arange(20), 2)
    labels = np.repeat(np.arange(20) % 2, 2)
    knees = knee_questions.Films(
        np.zeros((40, 8, 8), np.uint8), labels, np.zeros((40, 7)), np.full((40, 3), np.nan), film, film
    )
    folds = list(knee_questions.folds(knees, 0))
    assert not any(set(film[learns]) & set(film[held]) for learns, held in folds)
    asked = knee_questions.Question("apart", knees, ("normal", "osteoporosis"), [folds])
    rows = np.concatenate([held for _, held in folds])
    # One knee is surely right, the other a little wrong: together they are right, alone half of them are.
    surely = np.eye(2)[labels[rows]]
    little = 0.4 * surely + 0.6 * (1 - surely)
    shares = np.where((rows % 2 == 0)[:, None], surely, little)
    told = knee_comparison.figures(asked, {"cnn3": (rows, shares)})["cnn3"]
    assert told["films"] == 20
    assert told["accuracy"]["value"] == 1


def test_the_page_and_what_was_done_outlive_a_second_run(
    films: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    page = tmp_path / "knee.md"
    monkeypatch.setattr(knee_comparison, "PAGE", page)
    monkeypatch.setattr(knee_comparison, "PRESETS", {"demo": SMALL})
    monkeypatch.setattr(knee_comparison, "NETWORKS", {"demo": NETWORKS})
    monkeypatch.setattr("sys.argv", ["knee_comparison", "--out", str(tmp_path / "run")])
    knee_comparison.main()
    first = page.read_text()
    assert "size, mean and contrast alone" in first
    assert "cnn3 with age, sex and BMI" in first
    assert "cnn3 frozen with age, sex and BMI" in first
    assert "In plain words" in first
    assert knee_comparison.TITLES["apart"] in first  # the finder ships
    monkeypatch.setattr(knee_comparison, "taught", lambda *_: pytest.fail("was taught again"))
    monkeypatch.setattr(knee_questions, "gather", lambda *_: pytest.fail("was read again"))
    knee_comparison.main()
    assert page.read_text() == first
    next((tmp_path / "run").glob("*/whole/cnn3/*.npy")).unlink()
    monkeypatch.setattr("sys.argv", ["knee_comparison", "--out", str(tmp_path / "run"), "--as-it-stands"])
    knee_comparison.main()
    whole = page.read_text().split(f"## {knee_comparison.TITLES['whole']}")[1].split("## ")[0]
    assert "| cnn3 frozen |" in whole
    assert "| cnn3 |" not in whole
