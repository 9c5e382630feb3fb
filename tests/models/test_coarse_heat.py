"""Networks whose heat is coarser than the film: one answer a block of pixels."""

import numpy as np
import pytest
import torch
from torch import Tensor, nn

from models import engine
from models.bundle import Node
from models.networks import build

OPTIONS = {"features": [4, 4, 8, 8, 8, 4], "fold": 2}


@pytest.mark.parametrize("network", ["u_net", "u_net_pp"])
@pytest.mark.parametrize("size", [(64, 32), (63, 33)])
def test_one_answer_a_block(network: str, size: tuple[int, int]) -> None:
    film = torch.zeros(1, 1, *size)
    fine, coarse = (build(network, 3, {**OPTIONS, **more})(film) for more in ({}, {"coarse": True}))
    assert fine.shape == (1, 3, *size)
    assert coarse.shape == (1, 3, -(-size[0] // 2), -(-size[1] // 2))


def test_a_landmark_in_coarse_heat_lies_where_it_is_on_the_film() -> None:
    class Bright(nn.Module):
        """Hot where a block of the film is bright."""

        def forward(self, film: Tensor) -> Tensor:
            return 20 * nn.functional.avg_pool2d(film, 2)

    film = np.zeros((64, 48), np.float32)
    film[20:22, 30:32] = 1
    finder = Node("finder", "landmarks", "u_net", {}, {}, ("mark",), Bright())  # type: ignore[arg-type]
    points, sure = engine.find(finder, film, torch.device("cpu"))
    np.testing.assert_allclose(points, [[31, 21]], atol=0.1)
    assert sure[0] > 0.5
