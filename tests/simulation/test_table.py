"""The edge of table or mattress."""

import torch

from simulation.xray import table


def test_it_lies_straight_near_the_border_of_about_a_third_of_films() -> None:
    generator = torch.Generator().manual_seed(0)
    edges = [table.edge((200, 160), 1.0, generator, "cpu") for _ in range(200)]
    seen = [edge for edge in edges if bool(edge.any())]
    assert 0.2 < len(seen) / len(edges) < 0.4
    for edge in seen:
        assert float(edge.max()) < 0.25
        assert float(edge.min()) >= 0
        middle = edge[60:140, 50:110]
        assert float(middle.max() - middle.min()) < 0.02  # the film's middle is at most evenly darker
