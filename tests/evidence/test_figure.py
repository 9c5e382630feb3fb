import pytest

from evidence.figure import UNDEFINED, Figure, p_sign, p_text


@pytest.mark.parametrize(
    ("figure", "digits", "signed", "text"),
    [
        (Figure(0.8664, 0.8481, 0.8832), 3, False, "0.866 (0.848 to 0.883)"),
        (Figure(0.8664, 0.8481, 0.8832), 2, False, "0.87 (0.85 to 0.88)"),
        (Figure(0.031, -0.005, 0.057), 3, True, "+0.031 (-0.005 to +0.057)"),
        (Figure(0.018, None, None), 3, False, "0.018"),
        (UNDEFINED, 3, True, "not defined"),
    ],
)
def test_a_figure_is_printed_with_its_interval_where_it_has_one(
    figure: Figure, digits: int, signed: bool, text: str
) -> None:
    assert figure.text(digits, signed) == text


def test_plain_values_that_are_missing_give_a_figure_that_is_not_defined() -> None:
    assert Figure.of(None) == UNDEFINED
    assert Figure.of({"value": 0.5, "low": 0.4, "high": 0.6}) == Figure(0.5, 0.4, 0.6)


def test_a_p_value_is_printed_as_in_papers() -> None:
    assert [p_text(p) for p in (0.0004, 0.0496, None)] == ["< 0.001", "0.050", "not defined"]
    assert [p_sign(p) for p in (0.0004, 0.0496)] == ["< 0.001", "= 0.050"]
