"""Going on from a bundle: what is unknown stays as it was, what is too little is refused, and the parent is named."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch

from core.clinical import Clinical
from core.example import Example, ManifestError
from core.model_facts import ModelFacts
from imaging.preprocess import Preprocess
from models.heat import heat_loss
from models.initial import initialise
from models.networks import build, freeze
from recipes import by_name
from recipes.facts import facts_of
from report.card import model_card
from tasks.masks.objective import MaskObjective
from training.continuation import continuation, frozen_share
from training.data.manifest import Manifest
from training.data.preflight import check, check_kept
from training.fit import Schedule, fit

OUTLINER = {"features": [4, 4, 8, 8, 8, 4], "fold": 2}
LABELS = ("normal", "osteopenia", "osteoporosis")


def manifest(*rows: Example) -> Manifest:
    return Manifest(rows, "f", "own", Path())


def row(number: int, label: str | None = "normal", split: str | None = None, side: str | None = "R") -> Example:
    return Example(Path(f"{number}.png"), label, f"p{number}", Clinical(), split, {"side": side})


def enough() -> list[Example]:
    return [row(number, LABELS[number % 3]) for number in range(18)]


def test_a_region_that_is_unknown_does_not_move_towards_absent(tmp_path: Path) -> None:
    """Its output after training where it was unknown, against one that was taught that it is not there."""
    random = np.random.default_rng(0)
    crops = random.integers(0, 255, (8, 48, 48)).astype(np.uint8)
    masks = np.zeros((8, 48, 48), np.uint8)
    masks[:, 10:30, 10:30] = 1  # region 0 alone; of region 1 nothing is said

    def drawn(known: int) -> float:
        torch.manual_seed(0)
        network = build("u_net", 2, OUTLINER)
        with torch.no_grad():  # it knows region 1 already: there, all over
            network.network.final_conv.bias.fill_(2.0)
        freeze(network, 1.0)  # the last layer alone learns: shared layers that move change every region a little
        lesson = MaskObjective(crops, masks, 2, Preprocess((32, 32)), 1.0, np.full(8, known, np.uint8))
        network = fit(network, lesson, Schedule(60, 8, 3e-2), tmp_path / str(known), 0)
        with torch.inference_mode():
            return float(network(torch.zeros(1, 1, 32, 32))[0, 1].sigmoid().mean())

    before = 1 / (1 + np.exp(-2.0))
    unknown, absent = drawn(0b01), drawn(0b11)
    assert unknown == pytest.approx(before, abs=0.1)
    assert absent < unknown - 0.2


def test_a_region_that_is_unknown_costs_nothing_and_has_no_gradient() -> None:
    lesson = MaskObjective(
        np.zeros((2, 8, 8), np.uint8),
        np.zeros((2, 8, 8), np.uint8),
        2,
        Preprocess((8, 8)),
        1.0,
        np.array([1, 1], np.uint8),
    )
    logits = torch.zeros(2, 2, 8, 8, requires_grad=True)

    class Says(torch.nn.Module):
        def forward(self, film: torch.Tensor) -> torch.Tensor:
            return logits

    lesson.loss(Says(), lesson.films, torch.Generator(), vary=False).backward()
    assert logits.grad is not None
    assert logits.grad[:, 0].abs().sum() > 0
    assert logits.grad[:, 1].abs().sum() == 0


def test_a_landmark_that_is_unknown_has_no_gradient_and_an_absent_one_has() -> None:
    logits = torch.zeros(1, 3, 8, 8, requires_grad=True)
    points = torch.tensor([[[4.0, 4.0], [torch.nan, torch.nan], [torch.nan, torch.nan]]])
    heat_loss(logits, points, torch.tensor([[True, True, False]])).backward()
    assert logits.grad is not None
    assert [float(one.abs().sum()) > 0 for one in logits.grad[0]] == [True, True, False]


@pytest.mark.parametrize(
    ("rows", "sentence"),
    [
        ([row(number) for number in range(9)], "every row says normal"),
        ([*enough()[:12]], "found 4 people labelled normal.*expected at least 5 of each class"),
        ([row(number, None) for number in range(9)], "no row of own says anything"),
        ([*enough(), replace(row(0), split="train")], "says nothing in some rows"),
        ([*(replace(one, split="train") for one in enough()), row(0, split="test")], "puts 1 patients into two parts"),
        ([replace(one, split="test") for one in enough()], "every row of own is kept for a test"),
        ([*enough(), row(0, side=None)], "share a film with others and name no side"),
    ],
)
def test_too_little_or_wrong_data_is_refused_unread(rows: list[Example], sentence: str) -> None:
    with pytest.raises(ManifestError, match=sentence):
        check(by_name("hip_vit"), manifest(*rows), begun=True)


def test_enough_is_enough() -> None:
    check(by_name("hip_vit"), manifest(*enough()), begun=False)


def test_rows_that_fall_away_are_said_and_refused_when_many(caplog: pytest.LogCaptureFixture) -> None:
    check_kept(manifest(), 20, 19, ["no side"])
    assert "1 of 20 rows of own are left out (1 times: no side)" in caplog.text
    with pytest.raises(ManifestError, match=r"5 of 8 rows of own cannot be used \(5 times: no side\)"):
        check_kept(manifest(), 8, 3, ["no side"] * 5)


def test_what_cannot_go_on_is_one_sentence() -> None:
    with pytest.raises(ValueError, match="is a bundle of knee_finder, expected one of hip_finder"):
        continuation(by_name_of("hip_finder"), "knee_finder@0.1.0", None, None, None)
    with pytest.raises(ValueError, match="taught on virtual and real films of every origin"):
        continuation(by_name_of("view"), "view@0.1.0", None, None, None)
    with pytest.raises(ValueError, match="learns from no virtual patients"):
        continuation(by_name("knee_resnet"), "knee_resnet@0.2.0", 0.5, None, None)
    with pytest.raises(ValueError, match="expected none, backbone or a share"):
        frozen_share("half")


def by_name_of(name: str):  # type: ignore[no-untyped-def]
    from recipes import learner

    return learner(name)


def test_a_network_goes_on_with_its_head_and_the_frozen_stay() -> None:
    recipe = by_name("knee_resnet")
    how = continuation(recipe, "knee_resnet@0.2.0", None, "backbone", None)
    from training.continuation import continued

    changed = continued(recipe, "demo", how)
    (candidate,) = changed.candidates("demo")
    network = how.begun(candidate)
    parent = how.parent.networks[candidate.name].weights
    assert torch.equal(network.head.weight, parent.head.weight)
    learns = {name for name, weights in network.network.named_parameters() if weights.requires_grad}
    assert learns
    assert all(network.in_head(name) for name in learns)


def test_the_card_names_the_parent() -> None:
    about = {
        "name": "a",
        "version": "0.1.1",
        "parent": {"name": "a", "version": "0.1.0", "fingerprint": "ff", "epochs": 4, "virtual_share": 0.5},
    }
    assert ModelFacts.of(about).parent.startswith("Fine-tuned from a 0.1.0 (fingerprint ff); 50%")
    card = model_card(facts_of({**about, "name": "hip_vit"}), {"data": {}})
    assert "- **Origin** Fine-tuned from a 0.1.0 (fingerprint ff)" in card
    assert "begun from nothing" not in card
    assert "begun from nothing" in model_card(facts_of({"name": "hip_vit", "version": "0.1.0"}), {"data": {}})


def test_first_weights_come_from_a_folder_of_save_pretrained_and_from_a_bundles_root(tmp_path: Path) -> None:
    options = {"depth_multiplier": 0.35, "image_size": 64}
    torch.manual_seed(1)
    taught = build("mobilenet_v2", 3, options)
    taught.network.save_pretrained(tmp_path / "root" / "mine")
    for source in ("root/mine", "root"):
        again = initialise(build("mobilenet_v2", 3, options), str(tmp_path / source), "mine")
        key = "mobilenet_v2.conv_stem.first_conv.convolution.weight"
        assert torch.equal(again.network.state_dict()[key], taught.network.state_dict()[key])
    with pytest.raises(ValueError, match="without a network other, its networks are mine"):
        initialise(build("mobilenet_v2", 3, options), str(tmp_path / "root"), "other")
