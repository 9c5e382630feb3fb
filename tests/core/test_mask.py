"""A mask goes into run lengths and comes back pixel for pixel."""

import numpy as np
import pytest

from core.mask import BitMask


@pytest.mark.parametrize("shape", [(1, 1), (7, 3), (511, 1023)])
@pytest.mark.parametrize("share", [0.0, 0.02, 0.5, 1.0])
def test_pixels_come_back(shape: tuple[int, int], share: float) -> None:
    mask = np.random.default_rng(0).random(shape) < share

    kept = BitMask.of(mask)

    assert (kept.height, kept.width) == shape
    np.testing.assert_array_equal(kept.pixels(), mask)


def test_runs_that_do_not_fill_the_film_are_refused() -> None:
    with pytest.raises(ValueError, match="sum to 5, expected 6"):
        BitMask(3, 2, (2, 3))
