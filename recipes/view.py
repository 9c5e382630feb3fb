"""Which view a film is: it guards every other recipe from what that was not made for.

No published system of its own: a thin ResNet, taught on virtual films, on pictures that are no such film, and on real
films at hand; and a distance to what it learned from, for what it has never seen.
Reproduce  python cli.py train view --data virtual --preset demo --out runs/view
"""

from imaging.preprocess import Preprocess
from recipes.recipe import Recipe
from tasks import CLASSES
from tasks.part import Candidate, Part, Preset

OTHER = "other"
VIEWS = ("hip_ap", "hip_lateral", "knee_ap", "spine_lateral", OTHER)
IN_WORDS = {
    "hip_ap": "a hip from in front",
    "hip_lateral": "a hip from the side",
    "knee_ap": "a knee from in front",
    "spine_lateral": "a spine from the side",
    OTHER: "none of the views that are read here",
}
SURE = 0.8  # below this the network's word refuses nothing

RESNET = Candidate(
    name="resnet",
    network="resnet",
    preprocess=Preprocess(size=(64, 64)),  # a view is told by the whole, and fine detail tells one archive from another
    options={"layer_type": "basic", "embedding_size": 16, "hidden_sizes": [16, 32, 64, 128], "depths": [1, 1, 1, 1]},
)
RESNET_18 = Candidate(
    name="resnet",
    network="resnet",
    preprocess=Preprocess(size=(224, 224)),
    options={"layer_type": "basic", "embedding_size": 64, "hidden_sizes": [64, 128, 256, 512], "depths": [2, 2, 2, 2]},
)

RECIPE = Recipe(
    name="view",
    title="Which view a film is",
    paper="a residual network after He et al., CVPR 2016; distances after Sun et al., ICML 2022",
    site="other",
    view="other",
    labels=VIEWS,
    parts=(Part(CLASSES, "film", VIEWS, {"demo": (RESNET,), "paper": (RESNET_18,)}),),
    presets={
        "demo": Preset(epochs=30, batch_size=48, learning_rate=4e-3),
        "paper": Preset(epochs=60, batch_size=64, learning_rate=1e-3),
    },
    bundle="view@0.1.0",
    holding="origins",
)
