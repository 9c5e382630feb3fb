"""Each term of the projection's loss against values worked out by hand."""

import pytest
import torch

from tasks.density.projection_loss import (
    absolute,
    feature_matching,
    gradient_correlation,
    gradients,
    least_squares,
    normalised_correlation,
)


def plane(rows: list[list[float]]) -> torch.Tensor:
    return torch.tensor(rows, dtype=torch.float32)[None, None]


def test_the_absolute_difference_is_a_mean_in_the_projections_own_unit() -> None:
    assert float(absolute(plane([[1, 2], [3, 4]]), plane([[1, 0], [6, 4]]))) == pytest.approx(5 / 4)


def test_sobels_differences_are_those_of_the_textbook() -> None:
    film = plane([[1, 2, 4], [3, 5, 9], [0, 1, 7]])
    across, down = gradients(film)[0]
    assert float(across) == (4 + 2 * 9 + 7) - (1 + 2 * 3 + 0)
    assert float(down) == (0 + 2 * 1 + 7) - (1 + 2 * 2 + 4)


def test_the_correlation_of_two_maps_is_pearsons() -> None:
    one, other = plane([[1, 2], [3, 4]]), plane([[1, 3], [2, 5]])
    # Deviations (-1.5, -.5, .5, 1.5) and (-1.75, .25, -.75, 2.25): sums 5.5, 5 and 8.75.
    assert float(normalised_correlation(one, other)) == pytest.approx(5.5 / (5 * 8.75) ** 0.5)
    assert float(normalised_correlation(one, torch.full_like(one, 3.0))) == 0


def test_gradient_correlation_hears_edges_and_not_brightness() -> None:
    film = torch.rand(2, 1, 16, 16, generator=torch.Generator().manual_seed(0))
    assert float(gradient_correlation(film, 3 * film + 5)) == pytest.approx(0, abs=1e-5)
    assert float(gradient_correlation(film, -film)) == pytest.approx(2, abs=1e-5)
    other = torch.rand(2, 1, 16, 16, generator=torch.Generator().manual_seed(1))
    assert 0.7 < float(gradient_correlation(film, other)) < 1.3


def test_features_are_matched_over_scales_and_layers_but_never_the_answer() -> None:
    zeros, answer = torch.zeros(1, 2, 2, 2), torch.full((1, 1, 2, 2), 99.0)
    drawn = [[zeros + 1, zeros + 3, answer], [zeros, zeros, answer]]
    truth = [[zeros, zeros, -answer], [zeros, zeros + 2, -answer]]
    assert float(feature_matching(drawn, truth)) == pytest.approx((1 + 3 + 0 + 2) / 4)


def test_matching_features_teaches_the_network_alone() -> None:
    drawn, truth = (torch.rand(1, 2, 2, 2, requires_grad=True) for _ in range(2))
    feature_matching([[drawn, drawn]], [[truth, truth]]).backward()
    assert drawn.grad is not None
    assert truth.grad is None


def test_least_squares_measures_the_answer_of_each_scale_against_what_is_asked() -> None:
    answers = [[torch.ones(1), plane([[0.5, 1.5]])], [torch.ones(1), plane([[0.0, 2.0]])]]
    assert float(least_squares(answers, real=True)) == pytest.approx((0.25 + 1.0) / 2)
    assert float(least_squares(answers, real=False)) == pytest.approx(((0.25 + 2.25) / 2 + 4 / 2) / 2)
