"""CONTRIBUTING.md says how a recipe, a check and a page are added: done in a copy of the code, as it says."""

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from core.settings import ROOT

CHECK = '''
def oblong(film: Radiograph) -> Notice | None:
    """A film that is far longer than wide."""
    return Notice(NoticeCode.OBLONG, "The film is longer than wide; look at it.") if film.height > film.width else None
'''
PAGE = """
import streamlit as st
from pages.parts.entrance import stay_inside
from reading import versions

stay_inside("pages/shelf.py")
st.title("Shelf")
st.write(f"{len(versions())} versions read")
"""
OPENS = (
    "from tests.pages.app import opened, said\napp = opened('pages/shelf.py')\nprint(said(app))\n"
    "print([one.value for one in app.markdown])"
)


pytestmark = pytest.mark.slow  # each starts the product anew, some ten seconds


@pytest.fixture(scope="module")
def copy(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The code of this checkout, without weights, environments and documents."""
    there = tmp_path_factory.mktemp("copy") / "osteolens"
    left = shutil.ignore_patterns(".*", "weights", "docs", "runs", "build", "__pycache__", "*.egg-info")
    shutil.copytree(ROOT, there, ignore=left)
    return there


def put(file: Path, before: str, after: str) -> None:
    text = file.read_text()
    assert text.count(before) == 1, f"{before!r} does not stand once in {file.name}"
    file.write_text(text.replace(before, after))


def run(copy: Path, *words: str) -> str:
    done = subprocess.run([sys.executable, *words], cwd=copy, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr[-2000:]
    return done.stdout


def test_a_recipe_is_a_file_and_an_entry(copy: Path) -> None:
    text = (copy / "recipes/knee_resnet.py").read_text()
    new = text.replace('name="knee_resnet"', 'name="knee_mine"').replace('bundle="knee_resnet@0.2.0"', "bundle=None")
    (copy / "recipes/knee_mine.py").write_text(new)
    listed = copy / "recipes/__init__.py"
    put(listed, "knee_finder, knee_resnet,", "knee_finder, knee_mine, knee_resnet,")
    put(listed, "spine_vertex.RECIPE)", "spine_vertex.RECIPE, knee_mine.RECIPE)")
    assert "knee_mine" in run(copy, "cli.py", "train", "--help")
    code = (
        "import reading\ntry:\n    reading.read(b'', 'a', 'knee_mine')\nexcept ValueError as wrong:\n    print(wrong)"
    )
    assert "knee_mine reads with" in run(copy, "-c", code)


def test_a_check_is_a_function_a_code_and_an_entry(copy: Path) -> None:
    checks = copy / "imaging/checks.py"
    put(checks, "\nCHECKS: Final", f"{CHECK}\n\nCHECKS: Final")
    put(checks, "    (False, limbs),\n", "    (False, limbs),\n    (False, oblong),\n")
    put(copy / "core/refusal.py", '    MIRRORED = "mirrored"\n', '    MIRRORED = "mirrored"\n    OBLONG = "oblong"\n')
    code = (
        "from pathlib import Path\nfrom imaging import check, read_radiograph\n"
        "film = read_radiograph(Path('samples/virtual_spine.png').read_bytes(), '')\n"
        "print(*(one.code for one in check(film)))"
    )
    assert "oblong" in run(copy, "-c", code).split()
    codes = "tests.core.test_notice_codes"
    run(copy, "-c", f"import {codes} as t; t.test_no_code_of_the_enum_is_left_that_nothing_emits()")


def test_a_page_is_a_file_and_a_line(copy: Path) -> None:
    (copy / "pages/shelf.py").write_text(PAGE)
    models = '        st.Page("pages/models.py", title="Models", icon=":material/deployed_code:"),\n'
    put(copy / "app.py", models, f'{models}        st.Page("pages/shelf.py", title="Shelf"),\n')
    assert "0 versions read" in run(copy, "-c", OPENS)
