"""From a film to an expert's answer to a manifest to a bundle that reads: each step by its command."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import numpy as np
import pytest

import cli
import learning
import reading
import recipes
from annotation.films import Kept, outlines
from annotation.ledger import Task
from annotation.ledger.database import now_utc
from core.case import LabeledCase
from core.mask import BitMask
from core.settings import settings
from recipes import by_name
from tasks import MASKS
from tasks.part import Preset
from tests.conftest import write_tiny_bundle
from tests.test_learning import drawn_leg

LABELS = ("normal", "osteopenia", "osteoporosis")
SAMPLES = Path(__file__).resolve().parents[1] / "samples"


def answer(case_id: str, recipe: str, *given: dict) -> None:
    """What an expert says of a case, as a push and a pull would leave it in the ledger."""
    ledger = learning.ledger()
    entry = ledger.entry(case_id, recipe)
    assert entry is not None
    ledger.claim(entry.id, "push")
    ledger.pushed_all({entry.id: [Task(entry.id, 1, entry.id, blind=False)]}, "push")
    at = now_utc() + timedelta(seconds=entry.id)
    ledger.take(
        entry.id,
        1,
        entry.id,
        [LabeledCase(case_id, annotator="r", answered_at=at, recipe=recipe, **one) for one in given],
    )


@pytest.fixture
def weights(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A small bundle that reads whole knee films, in a folder that may be promoted into."""
    folder = tmp_path / "weights"
    write_tiny_bundle(folder)
    monkeypatch.setenv("OSTEOLENS_WEIGHTS", str(folder))
    knee = recipes.RECIPES["knee_resnet"]
    small = Preset(epochs=1, batch_size=8, learning_rate=1e-3, folds=2)
    whole = replace(knee, bundle="knee_resnet@0.1.0", finder=None, shared=False, presets={"demo": small})
    monkeypatch.setitem(recipes.RECIPES, "knee_resnet", whole)
    settings.cache_clear()
    yield folder
    settings.cache_clear()


def test_a_films_answer_trains_a_bundle_that_is_promoted_and_reads(
    weights: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    random = np.random.default_rng(1)  # of these legs the search for text suspects none
    films = tmp_path / "films"
    films.mkdir()
    for number in range(24):
        drawn_leg(random).save(films / f"{number}.png")
    assert cli.main(["queue", "add", str(films), "--recipe", "knee_resnet"]) == 0
    cases = capsys.readouterr().out.split()
    assert len(cases) == 24
    assert cli.main(["queue", "export", "--out", str(tmp_path / "set")]) == 1
    assert "No expert has answered yet" in capsys.readouterr().err
    for number, case in enumerate(cases):
        answer(case, "knee_resnet", {"label": LABELS[number % 3]})

    assert cli.main(["queue", "export", "--out", str(tmp_path / "set")]) == 0
    manifest, dataset = capsys.readouterr().out.split()
    assert Path(dataset, "README.md").is_file()
    run = ["train", "knee_resnet", "--data", manifest, "--from-bundle", "knee_resnet@0.1.0", "--epochs", "1"]
    assert cli.main([*run, "--workers", "1", "--out", str(tmp_path / "run")]) == 0
    bundle = Path(capsys.readouterr().out.split()[-1])
    about = learning.described(str(bundle))
    assert (about["parent"]["version"], about["version"]) == ("0.1.0", "0.1.1")
    assert about["evidence"]["data"]["films_in_manifest"] == 24

    assert cli.main(["models", "promote", str(bundle), "--because", "a test"]) == 0
    (read,) = reading.read((films / "0.png").read_bytes(), "0.png", "knee_resnet")
    assert read.model is not None
    assert read.model.version == "0.1.1"
    # A case that taught it can be drawn for the control arm later, and tests it no more.
    entry = learning.ledger().entry(cases[0], "knee_resnet")
    assert entry is not None
    learning.ledger().enter(cases[0], "knee_resnet", ["control"], {"side": None})
    assert learning.export(tmp_path / "set").splits == {"train": 24}


def test_a_hips_masks_teach_pixel_for_pixel_and_what_was_not_drawn_stays_unknown(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """A film that was chosen within a budget; the expert corrects one outline of one hip, clicks a polygon on the
    other, and leaves the rest."""
    from models import registry
    from training.data import limbs
    from training.data.manifest import read_manifest

    film = SAMPLES / "virtual_pelvis.png"
    assert cli.main(["queue", "add", str(film), "--recipe", "hip_regions", "--budget", "1", "--control", "0"]) == 0
    (entry,) = learning.worklist()
    model = entry.model
    shown = outlines(settings().home, entry.case_id, "hip_regions", "R", model)
    assert "femoral_neck" in shown  # what the expert is shown to correct
    corrected = shown["femoral_neck"].pixels()
    rows, columns = np.nonzero(corrected)
    corrected[rows.min() : rows.min() + 5] = False
    kept = Kept.load(settings().home, entry.case_id)
    drawn = outlines(settings().home, entry.case_id, "hip_regions", "L", model)["femur"].pixels()
    rows, columns = np.nonzero(drawn)
    corners = [
        (columns.min(), rows.min()),
        (columns.max(), rows.min()),
        (columns.max(), rows.max()),
        (columns.min(), rows.max()),
    ]
    box = tuple((100 * x / kept.facts.width, 100 * y / kept.facts.height) for x, y in corners)
    answer(
        entry.case_id,
        "hip_regions",
        {"label": "osteopenia", "side": "R", "masks": {"femoral_neck": BitMask.of(corrected)}},
        {"label": "normal", "side": "L", "outlines": {"femur": (box,)}},
    )
    made = learning.export(tmp_path / "set")
    manifest = read_manifest(made.manifest)
    part = by_name("hip_regions").part(MASKS)
    assert part is not None
    finder = registry.find("hip_finder@0.1.0", settings().weights)
    found = limbs.gather(manifest, lambda example: part.task.learn.usable(part, example), finder, sketched=True)
    known = {example.others["side"]: bits for example, bits in zip(found.examples, found["known"], strict=True)}
    bit = {region: 1 << at for at, region in enumerate(part.outputs)}
    assert known == {"R": bit["femoral_neck"], "L": bit["femur"]}
    taught = found["masks"][[example.others["side"] for example in found.examples].index("R")]
    assert np.count_nonzero(taught & bit["femoral_neck"]) > 0
    assert set(np.unique(taught)) <= {0, bit["femoral_neck"]}
