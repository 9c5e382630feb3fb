"""Scores of yes or no, and measured bodies, as people see them."""

import pytest

from core.estimate import Estimate, Score
from core.vertebra import Vertebra
from present.answer import answer_html
from present.wording import headline, scores_headline, verdict
from tests.readings import a_reading


def test_scores_and_bodies_stand_in_the_answer() -> None:
    points = tuple((float(x), float(y)) for y in (10, 20) for x in (5, 10, 15))
    body = Vertebra("L1", points, (18.0, 20.0, 25.0), "mm", 2, "wedge", 0.28, 0.9)
    scores = {"vertebral_fracture": Score(0.4, 0.2, (0.3, 0.5)), "osteoporosis": Score(0.1, 0.3, (0.2, 0.4))}
    one = a_reading(
        recipe="spine_vertex", estimate=Estimate({}, (), scores=scores), vertebrae=(body,),
        candidates={"image": {"vertebral_fracture": 0.4, "osteoporosis": 0.1}},
    )  # fmt: skip
    assert headline(one) == verdict(one) == "Vertebral fracture, undecided"
    html = answer_html(one)
    undecided = "Vertebral fracture: neither yes nor no can be ruled out"
    for said in ("Vertebral fracture", "40 %", "2 wedge", "L1", "25.0", "Film alone", undecided):
        assert said in html, said
    row = one.row()
    assert row["label"] is None
    assert row["scores"]["osteoporosis"] == {
        "probability": 0.1, "threshold": 0.3, "positive": False, "undecided": False,
    }  # fmt: skip
    assert row["vertebrae"]["L1"]["genant"] == 2


@pytest.mark.parametrize(
    ("answers", "said"),
    [
        (
            {"vertebral_fracture": (True, False), "osteoporosis": (True, True)},
            "Vertebral fracture and osteoporosis, undecided",
        ),
        ({"vertebral_fracture": (False, True), "osteoporosis": (False, False)}, "Undecided"),
        ({"vertebral_fracture": (False, False), "osteoporosis": (False, False)}, "Neither"),
    ],
)  # fmt: skip
def test_what_is_not_decided_is_not_said_plainly(answers: dict[str, tuple[bool, bool]], said: str) -> None:
    assert scores_headline(answers) == said
