"""The questions that tests put to experts."""

from annotation.question import Question
from core.vertebra import LEVELS, OUTPUTS

KNEE = Question("knee_resnet", "Knee, AP")
SPINE = Question(
    "spine_vertex",
    "Spine, lateral",
    labels=(),
    findings=("vertebral_fracture", "osteoporosis"),
    grades=LEVELS[::-1],
    points=OUTPUTS,
)
