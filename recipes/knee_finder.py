"""Where the knees are: landmarks of each joint, on films of one leg or two.

The network of the hips' finder (recipes.hip_finder says how it works), shown one leg at a time (anatomy.knees): every
knee recipe begins with it.
Reproduce  python cli.py train knee_finder --data virtual --preset demo --out runs/knee_finder
"""

from dataclasses import replace

from anatomy.knee import KNEE
from recipes import hip_finder
from recipes.recipe import Recipe
from tasks.part import Preset

FINDER = "knee_finder@0.1.0"

RECIPE: Recipe = replace(
    hip_finder.RECIPE,
    name="knee_finder",
    title="Knee, AP: where each joint lies",
    site="knee",
    parts=(replace(hip_finder.RECIPE.parts[0], outputs=KNEE.maps),),
    presets={
        "demo": Preset(epochs=24, batch_size=16, learning_rate=2e-3, virtual_films=700),
        "paper": replace(hip_finder.RECIPE.presets["paper"], virtual_films=6000),
    },
    bundle=FINDER,
)
