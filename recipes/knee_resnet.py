"""Knee films by transfer learning.

Paper      "Osteoporosis detection in knee X-rays by transfer learning", Sci. Rep. 2025, s41598-025-24338-4
Reproduce  python cli.py train knee_resnet --data MANIFEST --preset paper --out runs/knee
Published  accuracy 90 % (ResNet-50 fine-tuned), 83 (ResNet-50 frozen), 88 (VGG-16 fine-tuned), 80 (VGG-16 frozen),
           79 (ResNet-18), 66 (three-layer CNN), on 372 films split at random
Differs    Copies of one film stay in one part of the split, which a random split of public knee films does not do;
           three classes instead of two; each knee is found and read on its own, and a film's answer is the mean of its
           knees'; MobileNetV2 with its ImageNet weights and a head of its own, which came out best of eight networks
           (docs/evidence/knee_resnet.md), instead of the study's six. `paper` adds a ViT.
"""

from core.labels import CLASSES as LABELS
from imaging.preprocess import Preprocess
from recipes.knee_finder import FINDER
from recipes.recipe import Recipe
from tasks import CLASSES
from tasks.part import Candidate, Part, Preset

MOBILENET = Candidate(
    name="mobilenet_v2",
    network="mobilenet_v2",
    # Input -1..1 and TensorFlow "SAME" padding: what its ImageNet weights were trained with.
    preprocess=Preprocess(size=(256, 256)),
    options={"image_size": 256, "classifier_dropout_prob": 0.2},
    init="google/mobilenet_v2_1.0_224",
    frozen=1.0,  # fine-tuning on some hundred films answered the commonest class (docs/experiments.md)
)
VIT_BASE = Candidate(
    name="vit",
    network="vit",
    preprocess=Preprocess(size=(224, 224)),
    init="google/vit-base-patch16-224-in21k",
)

RECIPE = Recipe(
    name="knee_resnet",
    title="Knee, AP: class by transfer learning",
    paper="Sci. Rep. 2025, s41598-025-24338-4",
    site="knee",
    view="ap",
    labels=LABELS,
    parts=(Part(CLASSES, "limb", LABELS, {"demo": (MOBILENET,), "paper": (MOBILENET, VIT_BASE)}),),
    presets={
        "demo": Preset(epochs=16, batch_size=12, learning_rate=4e-4, folds=4),
        "paper": Preset(epochs=60, batch_size=32, learning_rate=1e-4),
    },
    bundle="knee_resnet@0.2.0",
    simplifications=("one candidate, the best of eight on these very films",),
    finder=FINDER,
    shared=True,
    holding="folds",
)
