"""The files at the top level keep to the import table too; import-linter, which sees packages only, does the rest."""

import ast
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
OURS = {
    "core", "imaging", "models", "evidence", "anatomy", "tasks", "recipes", "simulation", "training", "annotation",
    "present", "report", "pages", "commands", "reading", "learning", "sharing", "cli", "app", "space", "spaces",
    "backend", "jobs", "audit", "auditing", "osteolens",
}  # fmt: skip
FACE = {
    "reading",
    "learning",
    "present",
    "report",
    "annotation",
    "core",
    "recipes",
    "pages",
    "jobs",
    "sharing",
    "auditing",
}
MAY_IMPORT = {
    "reading.py": {"core", "imaging", "models", "evidence", "anatomy", "tasks", "recipes"},
    "sharing.py": {"core", "models"},
    "auditing.py": {"core", "imaging", "models", "recipes", "training", "audit", "report"},
    "learning.py": {
        "core",
        "imaging",
        "models",
        "evidence",
        "tasks",  # which of them a recipe asks
        "recipes",
        "simulation",
        "training",
        "annotation",
        "report",  # cards are written where training and report meet
    },
    "cli.py": FACE | {"commands"},
    "app.py": FACE,
    "space.py": FACE | {"spaces"},
}
FACES_NEVER = {"torch", "pydicom", "label_studio_sdk", "transformers", "monai", "numpy"}


def imported(file: Path) -> set[str]:
    found = set()
    for node in ast.walk(ast.parse(file.read_text())):
        if isinstance(node, ast.Import):
            found |= {alias.name.split(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            found.add(node.module.split(".")[0])
    return found


@pytest.mark.parametrize("name", MAY_IMPORT)
def test_a_top_level_file_imports_only_what_its_part_may(name: str) -> None:
    assert imported(ROOT / name) & OURS <= MAY_IMPORT[name]


@pytest.mark.parametrize(
    "file",
    [
        ROOT / "app.py",
        ROOT / "space.py",
        ROOT / "cli.py",
        *(ROOT / "pages").glob("*.py"),
        *(ROOT / "commands").glob("*.py"),
        *(ROOT / "backend").glob("*.py"),
    ],
)
def test_a_face_does_no_pixel_arithmetic_and_knows_no_network(file: Path) -> None:
    assert not imported(file) & FACES_NEVER


def test_every_top_level_package_is_under_contract() -> None:
    import tomllib

    contracts = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["importlinter"]
    packages = {folder.parent.name for folder in ROOT.glob("*/__init__.py")} - {"tests"}
    assert packages <= set(contracts["root_packages"])
