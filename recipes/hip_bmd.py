"""Bone density from one film: decompose it into a virtual projection of its bone, stage by stage.

Paper      Gu et al., "BMD-GAN", MICCAI 2022; "Bone mineral density estimation from a plain X-ray image by learning
           decomposition into projections of bone-segmented computed tomography", Med. Image Anal. 2023; 90: 102970
Reproduce  python cli.py train hip_bmd --data MANIFEST --preset paper --out runs/bmd
Published  Pearson r .880 with DXA, .920 with QCT; root-mean-square coefficient of variation over poses 3.27 to 3.79 %
Differs    The generator is ConvNeXt-V2 (`paper`) or a small residual network (`demo`); the femur is cut out by
           landmarks first and read at 256 px; both players learn in one step; densities of four regions come from a
           head that reads encoder and projection, instead of the projection's mean alone.
"""

from anatomy.femur import OUTLINED, REGIONS
from core.labels import CLASSES
from imaging.preprocess import Preprocess
from recipes.hip_finder import FINDER
from recipes.recipe import Recipe
from tasks import DENSITY, MASKS
from tasks.part import Candidate, Part, Preset, Stage

ALL_BONE, PROXIMAL = "projection_all_bone", "projection_proximal_femur"

LIGHT = Candidate(
    name="decomposer",
    network="light_decomposer",
    preprocess=Preprocess(size=(192, 192)),
    options={"widths": [16, 32, 64, 96, 128], "fold": 2, "norm": "batch", "grid": 12, "hidden": 128},
)
CONVNEXT = Candidate(
    name="decomposer",
    network="convnext_decomposer",
    preprocess=Preprocess(size=(256, 256)),
    options={"hidden_sizes": [96, 192, 384, 768], "depths": [3, 3, 9, 3]},
)


def stages(all_bone: int, proximal: int, density: int) -> tuple[Stage, ...]:
    """The published three, so many epochs each."""
    return (
        Stage("all_bone", ALL_BONE, all_bone, absolute=100, gradient=1, matching=10, adversarial=1),
        Stage("proximal_femur", PROXIMAL, proximal, absolute=100, gradient=1, matching=10, adversarial=1),
        Stage("density", PROXIMAL, density, absolute=20, density=10),
    )


RECIPE = Recipe(
    name="hip_bmd",
    title="Hip, AP: bone density from a virtual projection",
    paper="Gu et al., Medical Image Analysis 2023; 90: 102970",
    site="hip",
    view="ap",
    labels=CLASSES,
    parts=(
        Part(MASKS, "limb", OUTLINED, source="hip_regions@0.5.0"),
        Part(DENSITY, "limb", REGIONS, {"demo": (LIGHT,), "paper": (CONVNEXT,)}),
    ),
    presets={
        "demo": Preset(
            epochs=0,  # each stage has its own
            batch_size=16,
            learning_rate=1e-3,
            stages=stages(5, 6, 9),
            tone=0.3,
            virtual_films=1800,
        ),
        "paper": Preset(
            epochs=0,
            batch_size=16,
            learning_rate=1e-4,
            stages=stages(100, 100, 60),
            tone=0.3,
            virtual_films=18000,
        ),
    },
    bundle="hip_bmd@0.1.0",
    simplifications=(
        "a small residual network instead of HRNet, and the femur's crop at 192 px",
        "projections come from virtual bodies, not from CT",
    ),
    finder=FINDER,
    regions=REGIONS,
)
