"""Where the hips are: landmarks of each proximal femur, on films of the whole pelvis and of one hip.

No published system of its own: every hip recipe begins with it. Heatmaps of landmarks after Payer et al., MedIA 2019,
with one more place for "not on this film"; a femur counts as found where every landmark is sure and together they have
the shape of one.
Reproduce  python cli.py train hip_finder --data virtual --preset demo --out runs/finder
"""

from imaging.preprocess import Preprocess
from recipes.recipe import Candidate, Preset, Recipe

FINDER = Candidate(
    name="finder",
    network="u_net",
    preprocess=Preprocess(size=(192, 192)),
    options={"features": [12, 24, 48, 96, 128, 12], "fold": 2},
)
FINDER_LARGE = Candidate(
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
    presets={
        "demo": Preset((), epochs=10, batch_size=16, learning_rate=2e-3, outliners=(FINDER,), virtual_films=1800),
        "paper": Preset(
            (), epochs=60, batch_size=64, learning_rate=2e-3, outliners=(FINDER_LARGE,), virtual_films=18000, fresh=True
        ),
    },
    bundle="hip_finder@0.1.0",
)
