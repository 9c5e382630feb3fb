from evidence.figure import UNDEFINED, Figure
from pages.parts.intervals import intervals


def test_a_figure_that_is_not_defined_is_not_drawn() -> None:
    assert len(intervals([("vit", UNDEFINED), ("joint", Figure(0.5, 0.4, 0.6))], "Accuracy").data) == 1


def test_an_interval_is_drawn_where_it_lies() -> None:
    (mark,) = intervals([("joint", Figure(0.5, 0.42, 0.6))], "Accuracy").data
    assert mark.x[0] - mark.error_x.arrayminus[0] == 0.42
    assert round(mark.x[0] + mark.error_x.array[0], 9) == 0.6
