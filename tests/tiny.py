"""Networks small enough to build, train and throw away in a test."""

from imaging.preprocess import Preprocess
from tasks.part import Candidate

OPTIONS = {
    "mobilenet_v2": {"depth_multiplier": 0.35, "image_size": 64},
    "vit": {
        "image_size": 64,
        "patch_size": 16,
        "hidden_size": 32,
        "num_hidden_layers": 2,
        "num_attention_heads": 2,
        "intermediate_size": 64,
    },
}

# With dropout, so that a test of resuming sees whether its draws come back too.
CANDIDATE = Candidate(
    "vit",
    "vit",
    Preprocess(size=(32, 32)),
    {**OPTIONS["vit"], "image_size": 32, "patch_size": 8, "hidden_dropout_prob": 0.1},
)
