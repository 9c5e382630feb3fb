"""The page on fractures to come, from a command on a table to its pictures."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from PIL import Image

import cli


def table(folder: Path) -> Path:
    random = np.random.default_rng(1)
    score, age = random.normal(size=(2, 400))
    event, end = random.exponential(1 / (0.05 * 2.0**score)), random.uniform(4, 9, 400)
    people = pd.DataFrame(
        {
            "score_vertebral_fracture": score,
            "age_years": 65 + 8 * age,
            "scanner": "alpha",
            "followup_years": np.minimum(event, end),
            "incident_fracture": (event < end).astype(int),
        }
    )
    people.to_csv(folder / "people.csv", index=False)
    return folder / "people.csv"


def test_a_table_becomes_a_page_with_pictures(tmp_path: Path) -> None:
    out = tmp_path / "out"
    assert cli.main(["evaluate", "prognosis", "--data", str(table(tmp_path)), "--out", str(out)]) == 0
    page = (out / "prognosis.md").read_text()
    assert "All patients are simulated." in page
    assert "| Vertebral fracture | adjusted for age |" in page
    for picture in ("kaplan_meier", "hazard_ratios", "decision_curve"):
        assert f"prognosis_{picture}.png" in page
        assert np.asarray(Image.open(out / f"prognosis_{picture}.png").convert("L")).std() > 10


def test_a_table_without_scores_and_no_table_end_in_a_sentence(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    bare = tmp_path / "bare.csv"
    bare.write_text("age_years\n60\n")
    for data, said in (
        (str(bare), "score_<name>"),
        ("virtual", "takes a table"),
        (str(tmp_path / "no.csv"), "found no"),
    ):
        assert cli.main(["evaluate", "prognosis", "--data", data, "--out", str(tmp_path)]) == 2
        assert said in capsys.readouterr().err
