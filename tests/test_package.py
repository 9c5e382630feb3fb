"""`osteolens` is the only name that people import, in a checkout or installed."""

import ast
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

from core.settings import ROOT


def run(code: str, at: Path, on: Path) -> subprocess.CompletedProcess[str]:
    env = {"PYTHONPATH": str(on), "PATH": "/usr/bin:/bin", "HOME": str(at)}
    return subprocess.run([sys.executable, "-c", code], cwd=at, env=env, capture_output=True, text=True)


def test_a_checkout_gives_the_four_names_without_a_network_library_until_they_are_used(tmp_path: Path) -> None:
    code = "import osteolens, sys\nprint(sorted(osteolens.__all__), 'torch' in sys.modules)\nosteolens.simulate\n"
    done = run(code + "print('torch' in sys.modules)\nosteolens.nothing", tmp_path, ROOT)
    assert done.stdout.splitlines() == ["['Bundle', 'read', 'read_radiograph', 'simulate'] False", "False"]
    assert "osteolens has no nothing" in done.stderr


def test_a_module_of_somebody_else_with_one_of_our_names_is_told(tmp_path: Path) -> None:
    (tmp_path / "core.py").write_text("")
    done = run("import osteolens", tmp_path, ROOT)
    assert "found another module core" in done.stderr


def test_every_part_is_installed() -> None:
    contracts = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["importlinter"]
    (whole,) = [
        ast.literal_eval(node.value)
        for node in ast.parse((ROOT / "setup.py").read_text()).body
        if isinstance(node, ast.Assign) and ast.unparse(node.targets[0]) == "WHOLE"
    ]
    assert {*whole, "osteolens"} == set(contracts["root_packages"])


@pytest.mark.slow
def test_installed_it_puts_one_name_among_the_packages_and_reads(tmp_path: Path) -> None:
    source, packages = tmp_path / "source", tmp_path / "packages"
    skipped = shutil.ignore_patterns(".*", "tests", "docs", "runs", "build", "*.egg-info", "__pycache__")
    shutil.copytree(ROOT, source, ignore=skipped)
    pip = [sys.executable, "-m", "pip", "install", "--quiet", "--no-deps", "--no-build-isolation", "--no-index"]
    subprocess.run([*pip, "--target", str(packages), str(source)], check=True)
    assert {one.name for one in packages.iterdir() if not one.name.endswith(".dist-info")} == {"osteolens"}
    shutil.rmtree(source)
    film = ROOT / "samples/virtual_spine.png"
    code = (
        "from pathlib import Path\nfrom osteolens import Bundle, read\nimport core.settings as s\n"
        f"(one,) = read(Path({str(film)!r}).read_bytes(), 'film.png')\n"
        "print(one.status, one.recipe, s.__file__)\nprint(s.settings().home)\n"
    )
    done = run(code, tmp_path, packages)
    assert done.returncode == 0, done.stderr[-2000:]
    said = done.stdout.splitlines()
    assert said[0] == f"read spine_vertex {packages}/osteolens/_parts/core/settings.py"
    assert said[1] == str(tmp_path / ".osteolens")
