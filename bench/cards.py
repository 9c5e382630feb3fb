"""Write the model card of every bundle that ships anew, from the evidence that it brings. Nothing is measured.

python -m bench.cards [--weights DIR]
"""

import argparse
from pathlib import Path

from core.settings import ROOT
from models.bundle import describe
from recipes.facts import facts_of
from report.card import model_card


def main() -> None:
    words = argparse.ArgumentParser(description=__doc__)
    words.add_argument("--weights", type=Path, default=ROOT / "weights")
    for config in sorted(words.parse_args().weights.glob("*/*/config.json")):
        about = describe(config.parent)
        (config.parent / "README.md").write_text(model_card(facts_of(about), about["evidence"]), encoding="utf-8")
        print(config.parent / "README.md")


if __name__ == "__main__":
    main()
