"""Which rows were made on which kind of body."""

from evidence.statistics.bodies import by_body


def test_rows_are_told_apart_by_the_body_that_they_name() -> None:
    found = by_body(["mesh", "built_in", None, "mesh", ""])
    assert {kind: has.tolist() for kind, has in found.items()} == {
        "built_in": [False, True, False, False, False],
        "mesh": [True, False, False, True, False],
    }


def test_one_kind_alone_and_real_patients_have_no_figures_by_body() -> None:
    assert by_body(["built_in", "built_in", None]) == {}
    assert by_body([None, None]) == {}
    assert by_body([]) == {}
