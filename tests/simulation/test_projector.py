"""Path lengths against the analytic answer."""

import numpy as np
import pytest
import torch
from hypothesis import given, settings, strategies as st

from simulation.anatomy import implicit as solid
from simulation.anatomy.surface import Surface, box, surface_of
from simulation.xray.projector import Geometry, cast

PARALLEL = Geometry(None, -120.0, (-60.0, 60.0), 0.4, (300, 300))
CONE = Geometry((5.0, -8.0, 900.0), -120.0, (-80.0, 80.0), 0.4, (400, 400))


def tensors(*surfaces: Surface) -> tuple[torch.Tensor, torch.Tensor]:
    return torch.from_numpy(np.stack([s.vertices for s in surfaces])), torch.from_numpy(surfaces[0].faces)


def sphere(radius: float, centre: tuple[float, float, float] = (0, 0, 0), step: float = 1.5) -> Surface:
    reach = radius + 3
    low, high = tuple(c - reach for c in centre), tuple(c + reach for c in centre)
    return surface_of(lambda p: solid.sphere(p, centre, radius), low, high, step)


def mass(surface: Surface, geometry: Geometry) -> float:
    """Volume in mm3 found from a parallel projection."""
    shadow = cast(*tensors(surface), geometry)
    return float(shadow.length.double().sum()) * geometry.pitch_mm**2


def test_a_sphere_casts_its_mass_within_one_percent() -> None:
    assert mass(sphere(30.0), PARALLEL) == pytest.approx(4 / 3 * np.pi * 30**3, rel=0.01)


def test_a_slab_casts_its_thickness_on_every_ray() -> None:
    shadow = cast(*tensors(box((40, 40, 17.0))), PARALLEL)
    inside = shadow.length[0, 3:-3, 3:-3]
    assert torch.allclose(inside, torch.tensor(17.0), atol=1e-3)
    assert mass(box((40, 40, 17.0)), PARALLEL) == pytest.approx(40 * 40 * 17, rel=0.01)


def test_a_tube_casts_its_mass_within_one_percent() -> None:
    outer = surface_of(
        lambda p: np.maximum(np.hypot(p[:, 0], p[:, 2]) - 15, np.abs(p[:, 1]) - 40), (-18, -43, -18), (18, 43, 18), 1.0
    )
    inner = surface_of(
        lambda p: np.maximum(np.hypot(p[:, 0], p[:, 2]) - 9, np.abs(p[:, 1]) - 40), (-18, -43, -18), (18, 43, 18), 1.0
    )
    assert mass(outer, PARALLEL) - mass(inner, PARALLEL) == pytest.approx(np.pi * (15**2 - 9**2) * 80, rel=0.01)


def test_a_cone_beam_gives_each_ray_its_exact_chord_through_a_sphere() -> None:
    centre, radius = (12.0, 7.0, 20.0), 30.0
    shadow = cast(*tensors(sphere(radius, centre)), CONE)
    columns, rows = shadow.pixel_centres()
    x, y = CONE.positions(columns, rows)
    film = torch.stack(torch.broadcast_tensors(x, y, torch.tensor(CONE.film_z_mm)), -1)
    source = torch.tensor(CONE.source_mm)
    heading = torch.nn.functional.normalize(film - source, dim=-1)
    away = source - torch.tensor(centre)
    along = (heading * away).sum(-1)
    chord = 2 * (along**2 - (away @ away - radius**2)).clamp(min=0).sqrt()
    deep = chord > 15  # near the rim the flat triangles cut the corner
    assert (shadow.length[0] - chord)[deep].abs().max() < 0.3
    assert float(shadow.length.sum()) == pytest.approx(float(chord.sum()), rel=0.01)


@settings(max_examples=25, deadline=None)
@given(st.floats(-3, 3), st.floats(-3, 3), st.floats(0, 6.28), st.floats(0.2, 1.3))
def test_no_ray_leaks_between_two_triangles(dx: float, dy: float, angle: float, pitch: float) -> None:
    """Wherever the pixels fall on the edges, no path is negative and none is longer than the body is thick."""
    ball = sphere(20.0, step=2.5)
    c, s = np.cos(angle), np.sin(angle)
    turned = ball.vertices @ np.array([[c, -s, 0], [s, c, 0], [0, 0, 1]]).T + np.array([dx, dy, 0])
    n = int(60 / pitch)
    shadow = cast(
        torch.from_numpy(turned)[None], torch.from_numpy(ball.faces), Geometry(None, -100, (-30, 30), pitch, (n, n))
    )
    assert float(shadow.length.min()) >= -1e-3
    assert float(shadow.length.max()) <= 40.05


def test_the_mean_height_of_a_ray_is_the_middle_of_its_path() -> None:
    shadow = cast(*tensors(box((40, 40, 10.0), (0, 0, 33.0))), PARALLEL)
    assert torch.allclose(shadow.height[0, 5:-5, 5:-5], torch.tensor(33.0), atol=0.02)


def test_many_bodies_at_once_cast_what_each_casts_alone() -> None:
    big, small = sphere(20.0), sphere(20.0)
    small = Surface(small.vertices * 0.7, small.faces)
    together = cast(*tensors(big, small), CONE)
    for number, alone in enumerate((big, small)):
        single = cast(*tensors(alone), CONE)
        assert torch.equal(
            together.geometry and together.on_film(together.length)[number], single.on_film(single.length)[0]
        )


def test_a_body_beside_the_film_casts_nothing() -> None:
    assert cast(*tensors(box((10, 10, 10), (500, 0, 0))), PARALLEL).length.numel() == 0


def test_a_source_behind_the_film_is_refused() -> None:
    with pytest.raises(ValueError, match="behind the film"):
        Geometry((0, 0, -200.0), -100.0, (0, 0), 0.5, (10, 10))
