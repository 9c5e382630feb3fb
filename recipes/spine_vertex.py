"""Lateral spine films: prevalent vertebral fracture and osteoporosis, each as a score; and the bodies, measured.

Paper      VERTE-X: J. Bone Miner. Res. 2023; 38: 887, and 2025; 40: 628
Reproduce  python cli.py train spine_vertex --data MANIFEST --preset paper --out runs/spine
           python cli.py evaluate spine_vertex --data MANIFEST --out DIR
           python -m bench.spine_transfer --bundle BUNDLE --data MANIFEST --out DIR
Published  AUROC on X-rays: vertebral fracture .926 (.908 to .955), osteoporosis .848 (.827 to .869); on DXA-VFA after
           fine-tuning .924 and .867; hazard ratios of incident fracture 3.23 and 2.11, 2.62 and 2.14
Differs    Only valid pixels set the histogram, not collimator and shutter; Adam's decay is decoupled (AdamW), with a
           warm-up and a falling rate; a film is shown as it is and mirrored; features must tell T-scores and Genant
           grades as well while learning, where the manifest has them; vertebral bodies are found, measured and graded,
           which the papers leave to readers. `demo` is half the size, and its network with clinical values begins with
           the weights of the one without.
"""

from dataclasses import replace

from core.vertebra import LEVELS, OUTPUTS, POINTS
from imaging.preprocess import Preprocess
from recipes.recipe import BEGUN, Recipe
from tasks import LANDMARKS, SCORES
from tasks.part import Candidate, Part, Preset

QUESTIONS = ("vertebral_fracture", "osteoporosis")
GUIDE = ("t_femoral_neck", "t_total_hip", *(f"genant_{level}" for level in LEVELS))


def preprocess(height: int) -> Preprocess:
    """As published, at a height (1024) and half of it in width."""
    return Preprocess(size=(height, height // 2), window=(0.0, 1.0), equalise=True, trim=0.05)


SMALL = {"width_coefficient": 0.5, "depth_coefficient": 0.5, "dropout_rate": 0.2, "depthwise_padding": []}
IMAGE = Candidate(name="image", network="efficientnet", preprocess=preprocess(512), options=SMALL)
WITH_CLINICAL = replace(
    IMAGE,
    name="with_clinical",
    network="efficientnet_with_clinical",
    clinical=True,
    after="image",
    epochs=3,
    learning_rate=5e-4,
)
FINDER = Candidate(
    name="vertebrae",
    network="u_net",
    preprocess=Preprocess(size=(384, 192)),
    options={"features": [16, 24, 48, 96, 128, 48], "fold": 2, "coarse": True},
    epochs=10,
    batch_size=16,
    learning_rate=2e-3,
)
CLOSER = Candidate(
    name="bodies",
    network="u_net",
    preprocess=Preprocess(size=(96, 96)),
    options={"features": [16, 24, 48, 64, 96, 48], "fold": 2},
    epochs=7,
    batch_size=64,
    learning_rate=2e-3,
)
B4 = Candidate(name="image", network="efficientnet", preprocess=preprocess(1024), init="google/efficientnet-b4")

B4_WITH_CLINICAL = replace(B4, name="with_clinical", network="efficientnet_with_clinical", clinical=True)
FINDER_LARGE = replace(
    FINDER, preprocess=Preprocess(size=(768, 384)), options={"features": [32, 32, 64, 128, 256, 48]}, epochs=60
)
CLOSER_LARGE = replace(
    CLOSER, preprocess=Preprocess(size=(128, 128)), options={"features": [32, 32, 64, 128, 256, 32]}, epochs=40
)

RECIPE = Recipe(
    name="spine_vertex",
    title="Spine, lateral: fracture and osteoporosis",
    paper="VERTE-X, J. Bone Miner. Res. 2023; 38: 887, and 2025; 40: 628",
    site="spine",
    view="lateral",
    labels=(),
    parts=(
        Part(LANDMARKS, "film", OUTPUTS, {"demo": (FINDER,), "paper": (FINDER_LARGE,)}),
        Part(LANDMARKS, "body", POINTS, {"demo": (CLOSER,), "paper": (CLOSER_LARGE,)}),
        Part(SCORES, "film", QUESTIONS, {"demo": (IMAGE, WITH_CLINICAL), "paper": (B4, B4_WITH_CLINICAL)}),
    ),
    presets={
        "demo": Preset(
            epochs=10,
            batch_size=16,
            learning_rate=2e-3,
            guide=GUIDE,
            virtual_films=2400,
            tone=0.5,
        ),
        "paper": Preset(
            epochs=100,
            batch_size=16,
            learning_rate=1e-4,
            guide=GUIDE,
            virtual_films=18000,
            patience=10,
        ),
    },
    bundle="spine_vertex@0.2.0",
    simplifications=(
        f"a smaller network of the same family at half the size{BEGUN}",
        "the score of fracture also weighs the greatest loss of height among the bodies found, as the paper does not",
        "levels are counted from the sacrum, and on real films the count can be one off: count again",
        "no film of a person has taught it, and no score of it was ever compared with a person's truth",
    ),
    more_virtual=("fractures",),
    regions=tuple(reversed(LEVELS)),
)
