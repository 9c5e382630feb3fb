"""Hip films by regions: outline each, cut it out, and ask which tells the class best.

Paper      Feng et al., "Osteoporosis classification of hip regions on radiographs", Appl. Sci. 2024, 14, 133
Reproduce  python cli.py train hip_regions --data MANIFEST --preset paper --out runs/regions
Published  IoU 0.5 and more for U-Net and U-Net++; best accuracy 74 %, total hip with DenseNet121
Differs    The femur is found first and regions are outlined on its square instead of on the whole film; the classifier
           of each region answers in three classes; the `demo` networks are thinner and smaller than published.
"""

from typing import Any

from anatomy.femur import OUTLINED, REGIONS, UNION
from core.labels import CLASSES as LABELS
from imaging.preprocess import Preprocess
from recipes.hip_finder import FINDER
from recipes.recipe import Recipe
from tasks import CLASSES, MASKS
from tasks.part import Candidate, Part, Preset

# The last layer tells five regions in each of the four pixels of a block: of 8 features it cannot make 20 answers that
# differ, and regions ran into each other.
FEATURES = [16, 24, 48, 96, 128, 32]
U_NET = Candidate(
    name="u_net",
    network="u_net",
    preprocess=Preprocess(size=(256, 256)),
    options={"features": FEATURES, "fold": 2},
    epochs=5,
    batch_size=16,
    learning_rate=2e-3,
)
U_NET_PP = Candidate(
    name="u_net_pp",
    network="u_net_pp",
    preprocess=Preprocess(size=(192, 192)),
    options={"features": FEATURES, "fold": 2},
    epochs=4,
    batch_size=16,
    learning_rate=2e-3,
)


def densenets(small: int, large: int, options: dict[str, Any]) -> tuple[Candidate, ...]:
    """DenseNet121 a region and one for their union, each shown nothing but its region, on so many px a side: the large
    ones, total hip and the union, need more to be seen as fine."""
    sides = {"total_hip": large, UNION: large}
    return tuple(
        Candidate(
            name=f"densenet121_{region}",
            network="densenet121",
            preprocess=Preprocess(size=(sides.get(region, small),) * 2, window=(0.0, 1.0)),
            options=options,
            region=region,
        )
        for region in (*REGIONS, UNION)
    )


PUBLISHED = (
    Candidate("u_net", "u_net", Preprocess(size=(512, 512)), {"features": [64, 64, 128, 256, 512, 64]}),
    Candidate("u_net_pp", "u_net_pp", Preprocess(size=(512, 512)), {"features": [32, 32, 64, 128, 256, 32]}),
)
SMALL = {"init_features": 24, "growth_rate": 12, "block_config": [3, 6, 8, 6]}

RECIPE = Recipe(
    name="hip_regions",
    title="Hip, AP: class by region",
    paper="Feng et al., Appl. Sci. 2024, 14, 133",
    site="hip",
    view="ap",
    labels=LABELS,
    parts=(
        Part(MASKS, "limb", OUTLINED, {"demo": (U_NET, U_NET_PP), "paper": PUBLISHED}),
        Part(CLASSES, "region", LABELS, {"demo": densenets(112, 176, SMALL), "paper": densenets(224, 224, {})}),
    ),
    presets={
        "demo": Preset(
            epochs=12,
            batch_size=32,
            learning_rate=3e-3,
            loss="ordinal",
            balanced=False,
            tone=0.5,
            guide=("t_femoral_neck", "t_total_hip"),
            virtual_films=3000,
        ),
        "paper": Preset(
            epochs=60,
            batch_size=32,
            learning_rate=1e-3,
            virtual_films=18000,
            patience=10,
            loss="ordinal",
            balanced=False,
            tone=0.3,
            guide=("t_femoral_neck", "t_total_hip"),
        ),
    },
    bundle="hip_regions@0.5.0",
    simplifications=("thinner networks on smaller inputs than published",),
    finder=FINDER,
    regions=REGIONS,
)
