"""What is shown of questions of yes or no."""

from typing import Any

from core.model_facts import ModelFacts
from evidence.published import Published
from evidence.record import Evidence
from evidence.study import Study
from report.tables import markdown
from tasks.scores import show

FIGURE = {"value": 0.9, "low": 0.8, "high": 0.95}


def evidence(*networks: str, films: int = 600) -> Evidence:
    answer: dict[str, Any] = {"films": films, "positive": 37}
    answer |= dict.fromkeys(("auc", "sensitivity", "specificity", "ppv", "npv", "brier"), FIGURE)
    answer["doubt"] = {"between": [0.1, 0.4], "yes_kept": FIGURE, "no_kept": FIGURE, "undecided": FIGURE}
    answers = {name: {**answer, "auc": {**FIGURE, "value": (0.8, 0.85)[at]}} for at, name in enumerate(networks)}
    gains = {f"{networks[-1]} over {networks[0]}": {"figure": FIGURE, "p": 0.0004}}
    question = {"answers": answers, "gains": gains}
    return Evidence.measured({"internal": {"films": films, "refused": 1, "scores": {"osteoporosis": question}}})


def test_the_model_that_answers_a_reading_is_the_last_and_stands_for_the_others() -> None:
    found, facts = evidence("image", "with_clinical"), ModelFacts("spine_vertex", "0.1.0")
    assert show.sentence(facts, found) == (
        "AUROC on simulated patients not used in training (n = 600): osteoporosis 0.85 (0.80 to 0.95) (37 positive)."
    )
    (plot,) = show.intervals(facts, found)
    assert [name for name, _ in plot.measures["AUROC"]] == ["With age, sex, BMI", "Film alone"]
    assert {one.figure.value for one in show.results(found) if one.metric == "roc_auc"} == {0.85}


def test_the_page_has_every_model_what_is_published_and_the_differences() -> None:
    facts, published = ModelFacts("spine_vertex", "0.1.0"), Published("a study", auc={"osteoporosis": ".848"})
    said = markdown(show.page(Study(facts, evidence("image", "with_clinical"), "virtual", "a day", published)))
    assert "## Internal\n\n600 films, 1 refused." in said
    assert "37 of 600 films are positive." in said
    assert "| Film alone | 0.800 (0.800 to 0.950) |" in said
    assert "| Published | .848 |" in said
    assert "| With age, sex, BMI minus film alone | +0.900 (+0.800 to +0.950) | < 0.001 |" in said
    assert "Undecided: both answers are kept." in said


def test_measured_heights_are_explained_where_they_are_used_only() -> None:
    facts = ModelFacts("spine_vertex", "0.1.0")
    assert show.limits(facts, evidence("image", "with_clinical")) == []
    (limit,) = show.limits(facts, evidence("image_unmeasured", "image"))
    assert "In real patients, degeneration, deformity and oblique projection make heights less reliable." in limit
