"""A command imports what it needs, held by module names: a clock would hold nothing on a busy machine."""

import json
import subprocess
import sys

import pytest

from core.settings import ROOT

NETWORKS = {"torch", "transformers", "monai", "lightning", "torchmetrics"}
TABLES = {"pandas", "sklearn", "matplotlib", "plotly", "lifelines"}
FILMS = {"pydicom", "cv2", "imagecodecs", "scipy"}
LABELLING = {"label_studio_sdk"}
READERS = {"SimpleITK", "cleanlab"}


def loaded_by(code: str) -> set[str]:
    """The top-level modules that are there after some lines of Python, in a process of its own."""
    said = f"{code}\nimport json, sys\nprint(json.dumps(sorted({{name.split('.')[0] for name in sys.modules}})))"
    done = subprocess.run([sys.executable, "-c", said], cwd=ROOT, capture_output=True, text=True, check=True)
    return set(json.loads(done.stdout.splitlines()[-1]))


@pytest.mark.parametrize(
    ("code", "absent"),
    [
        ("import recipes", NETWORKS | TABLES | FILMS | LABELLING),
        ("import cli; cli._parser().format_help()", NETWORKS | TABLES | FILMS | LABELLING),
        ("import commands.queue", NETWORKS | TABLES | FILMS | LABELLING),
        ("import commands.review", NETWORKS | TABLES | FILMS | LABELLING | READERS),
        ("import learning", NETWORKS | TABLES | FILMS | LABELLING),
        ("import reading", TABLES | LABELLING | {"monai", "lightning", "torchmetrics"}),
    ],
)
def test_what_is_not_needed_is_not_imported(code: str, absent: set[str]) -> None:
    assert not loaded_by(code) & absent


def test_a_push_with_nothing_to_do_loads_nothing_to_do_it_with() -> None:
    code = "import cli\ntry:\n    cli.main(['queue', 'push'])\nexcept SystemExit:\n    pass"
    assert not loaded_by(code) & (NETWORKS | TABLES | FILMS | LABELLING)


def test_the_worklist_is_told_without_a_network_library() -> None:
    code = "import cli\ntry:\n    cli.main(['queue', 'status'])\nexcept SystemExit:\n    pass"
    assert not loaded_by(code) & (NETWORKS | TABLES | FILMS | LABELLING)
