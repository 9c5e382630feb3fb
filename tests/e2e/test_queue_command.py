"""The worklist from the command line, with a real film's way to the real Label Studio and an answer's way back."""

import json
import re
from pathlib import Path

import httpx
import pytest

import cli
import learning
from core.settings import settings

pytestmark = pytest.mark.e2e
SAMPLES = Path(__file__).resolve().parents[2] / "samples"


@pytest.fixture
def connected(label_studio, home: Path, tiny_weights: Path, monkeypatch: pytest.MonkeyPatch, request) -> None:
    monkeypatch.setenv("OSTEOLENS_LABEL_STUDIO_URL", label_studio.url)
    monkeypatch.setenv("OSTEOLENS_LABEL_STUDIO_TOKEN", label_studio.personal_token)
    monkeypatch.setenv("OSTEOLENS_LABEL_STUDIO_PROJECT", f"Queue {home.parent.name}"[:50])
    settings.cache_clear()


def exit_code(*words: str) -> object:
    """Of a command that ends by returning or, on wrong use, by SystemExit."""
    try:
        return cli.main(words)
    except SystemExit as ended:
        return ended.code


def said(capsys: pytest.CaptureFixture[str], *words: str, code: int = 0) -> str:
    """What the command prints, after checking its exit code."""
    assert exit_code("queue", *words) == code
    return capsys.readouterr().out


@pytest.mark.usefixtures("connected")
def test_a_film_goes_to_label_studio_and_its_answer_comes_back(capsys, tmp_path: Path, label_studio) -> None:
    film = tmp_path / "MEIER_ANNA_1950.png"
    film.write_bytes((SAMPLES / "both_knees.png").read_bytes())
    case = said(capsys, "add", str(film)).strip()
    assert re.fullmatch("[0-9a-f]{24}", case)
    (row,) = map(json.loads, said(capsys, "list", "--json").splitlines())
    assert (row["case_id"], row["state"], row["reasons"][-1]) == (case, "waiting", "requested")
    assert "MEIER" not in json.dumps(row)
    assert case in said(capsys, "list")
    assert "1  waiting" in said(capsys, "status")

    pushed, link = said(capsys, "push").split()
    assert pushed == case
    assert said(capsys, "push") == ""
    project, task = map(int, re.fullmatch(r".*/projects/(\d+)/data\?task=(\d+)", link).groups())
    (found,) = label_studio.get(f"/api/tasks?project={project}&fields=all").json()["tasks"]
    assert (found["id"], found["data"]["case_id"]) == (task, case)
    assert "MEIER" not in json.dumps(found)
    assert label_studio.get(found["data"]["image"]).content == learning.film_png(case)

    result = [{"from_name": "class", "to_name": "film", "type": "choices", "value": {"choices": ["osteopenia"]}}]
    httpx.post(
        f"{label_studio.url}/api/tasks/{task}/annotations/",
        headers={"Authorization": f"Token {label_studio.token}"},
        json={"result": result},
    ).raise_for_status()
    assert said(capsys, "pull").strip() == case
    assert said(capsys, "pull") == ""
    (answer,) = learning.ledger().answers()
    assert (answer.case_id, answer.label, answer.recipe) == (case, "osteopenia", "knee_resnet")
    assert re.fullmatch("[0-9a-f]{12}", answer.annotator)
    status = json.loads(said(capsys, "status", "--json"))
    assert status["cases"]["answered"] == 1
    assert status["label_studio"]["connected"]
    assert label_studio.personal_token not in json.dumps(status)


@pytest.mark.usefixtures("connected")
def test_a_refused_film_is_a_result_and_the_others_are_kept(capsys, tmp_path: Path) -> None:
    broken = tmp_path / "broken.png"
    broken.write_bytes(b"no film")
    assert len(said(capsys, "add", str(broken), str(SAMPLES / "both_knees.png")).split()) == 1
    assert len(learning.worklist()) == 1


def test_without_label_studio_the_worklist_keeps_its_cases_and_says_what_to_do(
    capsys, tiny_weights: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OSTEOLENS_LABEL_STUDIO_URL", "")
    said(capsys, "add", str(SAMPLES / "both_knees.png"))
    assert cli.main(["queue", "push"]) == 1
    assert "make label-studio" in capsys.readouterr().err
    assert "make label-studio" in said(capsys, "status")
    assert [entry.state for entry in learning.waiting()] == ["waiting"]


@pytest.mark.parametrize(
    "words", [["queue"], ["queue", "nonsense"], ["queue", "add"], ["queue", "add", "/no/film.png"]]
)
def test_wrong_use_ends_with_two(words: list[str]) -> None:
    assert exit_code(*words) == 2
