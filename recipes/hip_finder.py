"""Where the hips are: landmarks of each proximal femur, on films of the whole pelvis and of one hip.

No published system of its own: every hip recipe begins with it. Heatmaps of landmarks after Payer et al., MedIA 2019,
with one more place for "not on this film"; a femur counts as found where all landmarks but one are sure and together
they have the shape of one, and the outline of its head then gives the head's centre (anatomy.femoral_head).
Reproduce  python cli.py train hip_finder --data virtual --preset demo --out runs/finder
"""

from anatomy.femur import FEMUR
from imaging.preprocess import Preprocess
from recipes.recipe import Recipe
from tasks import LANDMARKS
from tasks.part import Candidate, Part, Preset

FINDER = "hip_finder@0.1.0"

NETWORK = Candidate(
    name="finder",
    network="u_net",
    preprocess=Preprocess(size=(192, 192)),
    options={"features": [12, 24, 48, 96, 128, 12], "fold": 2},
)
NETWORK_LARGE = Candidate(
    name="finder",
    network="u_net",
    preprocess=Preprocess(size=(384, 384)),
    options={"features": [32, 32, 64, 128, 256, 32]},
)

RECIPE = Recipe(
    name="hip_finder",
    title="Hip, AP: where each proximal femur lies",
    paper="landmark heatmaps after Payer et al., Medical Image Analysis 2019; 54: 207",
    site="hip",
    view="ap",
    labels=(),
    parts=(Part(LANDMARKS, "film", FEMUR.maps, {"demo": (NETWORK,), "paper": (NETWORK_LARGE,)}),),
    presets={
        "demo": Preset(epochs=10, batch_size=16, learning_rate=2e-3, virtual_films=1800),
        "paper": Preset(epochs=60, batch_size=64, learning_rate=2e-3, virtual_films=18000, fresh=True),
    },
    bundle=FINDER,
    more_virtual=("negatives",),
)
