"""Our programs with a recipe that learns in seconds: `python -m tests.tiny_program cli.py WORDS`, or `streamlit`."""

import os
import sys

import recipes
from jobs import process
from tests.banded import banded

PROGRAM = (sys.executable, "-m", "tests.tiny_program", "cli.py")


def main(program: str, words: list[str]) -> int:
    recipes.RECIPES["knee_resnet"] = banded()
    process.PROGRAM = PROGRAM
    os.cpu_count = lambda: 1  # starting workers takes longer than reading these films
    sys.argv = [program, *words]
    if program == "streamlit":
        from streamlit.web.cli import main as streamlit

        return int(streamlit() or 0)
    import cli

    return cli.main(words)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1], sys.argv[2:]))
