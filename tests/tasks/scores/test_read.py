"""What a score makes of a logit and of measured heights."""

import numpy as np
import pytest
from scipy.special import expit

from core.labels import FRACTURE
from evidence.scores import Line
from tasks.scores.decode import decode, lines_of
from tasks.scores.measure import ScoreAnswer
from tasks.scores.read import most_positive

FACTS = {
    "scale": {FRACTURE: [2.0, -1.0], "osteoporosis": [1.0, 0.0]},
    "threshold": {FRACTURE: 0.1, "osteoporosis": 0.3},
    "doubt": {FRACTURE: [0.05, 0.2], "osteoporosis": [0.1, 0.4]},
    "heights": {
        "scale": {FRACTURE: [1.0, -5.0]},
        "weight": {FRACTURE: 30.0},
        "threshold": {FRACTURE: 0.4},
        "doubt": {FRACTURE: [0.3, 0.5]},
    },
}


def test_heights_weigh_on_the_score_of_fracture_with_lines_of_its_own() -> None:
    probability, line = decode(0.5, FACTS, FRACTURE, 0.25)
    assert probability == pytest.approx(expit(0.5 - 5 + 30 * 0.25))
    assert (line.threshold, line.doubt) == (0.4, (0.3, 0.5))
    assert decode(0.5, FACTS, FRACTURE, 0.05)[0] < probability


def test_without_measured_heights_the_film_alone_answers() -> None:
    probability, line = decode(0.5, FACTS, FRACTURE, None)
    assert probability == pytest.approx(expit(0.0))
    assert line.threshold == 0.1
    plain = {name: one for name, one in FACTS.items() if name != "heights"}
    assert decode(0.5, plain, FRACTURE, 0.25) == (probability, line)


def test_other_scores_know_nothing_of_heights() -> None:
    assert decode(0.5, FACTS, "osteoporosis", 0.4)[0] == pytest.approx(expit(0.5))
    assert [line.threshold for line in lines_of(FACTS, (FRACTURE, "osteoporosis"))] == [0.4, 0.3]
    assert [line.threshold for line in lines_of(FACTS, (FRACTURE, "osteoporosis"), measured=False)] == [0.1, 0.3]


def test_the_map_belongs_to_the_question_farthest_beyond_its_threshold() -> None:
    """Not to the higher probability: a fracture at .3 lies far beyond .1, osteoporosis at .4 not beyond .5."""
    lines = {FRACTURE: Line(0.1), "osteoporosis": Line(0.5)}
    one = ScoreAnswer({FRACTURE: 0.3, "osteoporosis": 0.4}, lines, np.zeros(1), clinical=False)
    assert most_positive(one) == FRACTURE
    other = ScoreAnswer({FRACTURE: 0.05, "osteoporosis": 0.4}, lines, np.zeros(1), clinical=False)
    assert most_positive(other) == "osteoporosis"
