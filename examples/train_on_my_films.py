"""Go on from a bundle that ships, on films of your own: `python examples/train_on_my_films.py [MANIFEST]`.

Thirty virtual people of a scanner that the bundle never saw stand in for yours unless a manifest is named.
"""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))  # not needed after `pip install .`

import learning
import reading

PARENT = "hip_vit@0.3.0"
RUNS = Path("runs/example")


def main() -> None:
    manifest = Path(sys.argv[1]) if len(sys.argv) > 1 else RUNS / "films/truth.csv"
    if not manifest.exists():
        for made in learning.simulate("hip_ap", 30, 42, "beta", manifest.parent, size=512):
            print(f"\r{made} of 30 films made", end="", flush=True)
        print()

    found = learning.audit("hip_vit", manifest, PARENT)  # what a training would make of the table, before it begins
    print(f"{found.rows} rows of {found.films} films", *(one.sentence for one in found.findings), sep="\n")

    bundle = learning.train(
        "hip_vit", manifest, "demo", RUNS, from_bundle=PARENT, virtual_share=0.0, epochs=1,
        tell=lambda step, done, total: print(f"{step}: {done} of {total}"),
    )  # fmt: skip
    print(f"{bundle} goes on from {PARENT}, and reads nothing yet. Its card:")
    print((bundle / "README.md").read_text()[:1200])
    print(f"To read with it: python cli.py models promote {bundle} --data LOCKED. It reads now: "
          f"{reading.versions()['hip_vit']}")  # fmt: skip


if __name__ == "__main__":
    main()
