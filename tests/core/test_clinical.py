import pytest

from core.clinical import Clinical


def test_an_empty_cell_is_unknown_and_not_zero() -> None:
    person = Clinical.from_row({"age_years": "", "sex": None, "bmi": float("nan")})
    assert person == Clinical()


def test_words_for_sex_are_understood() -> None:
    assert [Clinical.from_row({"sex": word}).sex for word in ("female", "F", "male", "m")] == ["F", "F", "M", "M"]


@pytest.mark.parametrize(
    ("row", "sentence"),
    [
        ({"age_years": "old"}, "age_years is 'old', expected a number"),
        ({"sex": "3"}, "sex is '3', expected F, M or nothing"),
        ({"age_years": "-1"}, "age_years is -1.0, expected 0 to 120"),
        ({"bmi": "0"}, "bmi is 0.0, expected 8 to 100"),
    ],
)
def test_a_wrong_value_is_named_with_what_was_expected(row: dict[str, object], sentence: str) -> None:
    with pytest.raises(ValueError, match=sentence):
        Clinical.from_row(row)


def test_what_is_given_counts_before_what_the_file_says() -> None:
    assert Clinical(age_years=61).or_else(Clinical(age_years=60, sex="F")) == Clinical(age_years=61, sex="F")
