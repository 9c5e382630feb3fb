"""Cards, pages and what tasks show load neither networks nor screens."""

import subprocess
import sys

import pytest

from core.settings import ROOT
from evidence.record.evidence import MARKS

MODULES = ["report.card", "report.page", "report.prognosis", "report.screen", "report.summary"]
HEAVY = ["torch", "transformers", "monai", "lightning", "pydicom", "streamlit", "gradio"]


@pytest.mark.parametrize("module", [*MODULES, *(f"tasks.{task}.show" for task in MARKS)])
def test_nothing_heavy_is_loaded(module: str) -> None:
    asked = f"import sys, {module}; print([name for name in {HEAVY!r} if name in sys.modules])"
    said = subprocess.run([sys.executable, "-c", asked], cwd=ROOT, capture_output=True, text=True, check=True)
    assert said.stdout.strip() == "[]"


def test_what_stands_beside_an_answer_needs_no_hub_and_no_plots() -> None:
    asked = (
        "import sys, report.summary; print([name for name in ('huggingface_hub', 'matplotlib', 'jinja2') "
        "if name in sys.modules])"
    )
    said = subprocess.run([sys.executable, "-c", asked], cwd=ROOT, capture_output=True, text=True, check=True)
    assert said.stdout.strip() == "[]"
