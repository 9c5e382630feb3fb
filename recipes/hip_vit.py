"""Hip films by a vision transformer, against two convolutional networks.

Paper      3,016 hips, Hefei: three classes from the proximal femur, ViT against ResNet50 and InceptionV3
Reproduce  python cli.py train hip_vit --data MANIFEST --preset paper --out runs/vit
Published  internal accuracy 97.0 %, AUC .996 / .994 / .999 (osteoporosis, osteopenia, normal), PPV .969 / .941 / 1.000,
           NPV .979 / .985 / .992; external accuracy 89.4 %, AUC .965 / .916 / .984, PPV .835 / .902 / .913,
           NPV .945 / .913 / .964
Differs    The femur is cut out by landmarks instead of by hand; a right one is mirrored; the `demo` networks are
           smaller members of the same families and begin from nothing; their ViT sees its patches through a stem of
           convolutions.
"""

from anatomy.femur import OUTLINED, REGIONS
from core.labels import CLASSES as LABELS
from imaging.preprocess import Preprocess
from recipes.hip_finder import FINDER
from recipes.recipe import BEGUN, Recipe
from tasks import CLASSES, MASKS
from tasks.part import Candidate, Part, Preset

# How fine a film is seen decides more than how often: InceptionV3 named 0.74, 0.77 and 0.79 of the hips held out
# rightly at 160, 192 and 224 px after five epochs. So few epochs of fine films, 25 minutes for the three.
VIT = Candidate(
    name="vit",
    network="vit",
    preprocess=Preprocess(size=(160, 160)),
    options={
        "image_size": 160,
        "patch_size": 16,
        "hidden_size": 192,
        "num_hidden_layers": 6,
        "num_attention_heads": 3,
        "intermediate_size": 576,
        "pool": "mean",
        "stem": [24, 48, 96, 192],
    },
    epochs=6,
    learning_rate=1e-3,
)
RESNET = Candidate(
    name="resnet50",
    network="resnet",
    preprocess=Preprocess(size=(160, 160)),
    options={"embedding_size": 16, "hidden_sizes": [48, 96, 192, 384], "depths": [3, 4, 6, 3]},
    epochs=6,
)
INCEPTION = Candidate(
    name="inception_v3",
    network="inception_v3",
    preprocess=Preprocess(size=(224, 224)),
    options={"width": 0.25},
)

PUBLISHED = (
    Candidate(
        "vit",
        "vit",
        Preprocess(size=(224, 224)),
        init="google/vit-base-patch16-224-in21k",
        learning_rate=5e-5,
    ),
    Candidate("resnet50", "resnet", Preprocess(size=(224, 224)), init="microsoft/resnet-50"),
    Candidate("inception_v3", "inception_v3", Preprocess(size=(299, 299))),
)

RECIPE = Recipe(
    name="hip_vit",
    title="Hip, AP: class by a vision transformer",
    paper="hip radiographs of 3,016 hips, Hefei",
    site="hip",
    view="ap",
    labels=LABELS,
    parts=(
        Part(MASKS, "limb", OUTLINED, source="hip_regions@0.5.0"),
        Part(CLASSES, "limb", LABELS, {"demo": (RESNET, VIT, INCEPTION), "paper": PUBLISHED}),
    ),
    presets={
        "demo": Preset(
            epochs=9,
            batch_size=32,
            learning_rate=3e-3,
            loss="ordinal",
            balanced=False,
            tone=0.3,
            guide=("t_femoral_neck", "t_total_hip"),
            placed=True,
            virtual_films=6000,
        ),
        "paper": Preset(
            epochs=60,
            batch_size=32,
            learning_rate=2e-4,
            virtual_films=18000,
            patience=10,
            loss="ordinal",
            balanced=False,
            tone=0.3,
            guide=("t_femoral_neck", "t_total_hip"),
        ),
    },
    bundle="hip_vit@0.3.0",
    simplifications=(
        f"smaller networks of the same families{BEGUN}",
        "a ViT that sees its patches through a stem of convolutions",
    ),
    finder=FINDER,
    regions=REGIONS,
)
