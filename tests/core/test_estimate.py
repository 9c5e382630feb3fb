import pytest

from core.estimate import Estimate, Score


def test_classes_and_scores_do_not_stand_in_one_estimate() -> None:
    """Classes add up to 1, scores are independent: whoever reads the one as the other is wrong."""
    with pytest.raises(ValueError, match="scores, which need not"):
        Estimate({"normal": 1.0}, ("normal",), scores={"vertebral_fracture": Score(0.9, 0.5)})


def test_two_scores_may_both_be_near_one() -> None:
    both = Estimate({}, (), scores={"vertebral_fracture": Score(0.9, 0.5), "osteoporosis": Score(0.95, 0.5)})
    assert both.label is None
    assert all(one.positive for one in both.scores.values())
