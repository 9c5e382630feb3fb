"""Attenuation and signal against the law they follow."""

import numpy as np
import pytest
import torch

from simulation.xray.physics import Beam, mass_attenuation


def test_one_energy_follows_beer_and_lambert_to_one_in_ten_thousand() -> None:
    beam = Beam(monoenergetic_kev=60.0)
    generator = torch.Generator().manual_seed(0)
    mineral, lean, fat = (torch.rand(500, generator=generator) * top for top in (6.0, 40.0, 30.0))
    kev = np.array([60.0])
    exact = sum(
        values.double() * float(mass_attenuation(material, kev)[0])
        for material, values in (("mineral", mineral), ("lean", lean), ("fat", fat))
    )
    found = beam.log_attenuation()(mineral, lean, fat)
    assert torch.allclose(found.double(), exact, rtol=1e-4)


def test_the_lookup_of_a_spectrum_is_its_integral() -> None:
    beam = Beam(75.0)
    kev, share = beam.spectrum()
    generator = torch.Generator().manual_seed(1)
    mineral, lean, fat = (torch.rand(300, generator=generator) * top for top in (3.0, 30.0, 10.0))
    depth = sum(
        values[:, None].double() * torch.from_numpy(mass_attenuation(material, kev))
        for material, values in (("mineral", mineral), ("lean", lean), ("fat", fat))
    )
    exact = -torch.log((torch.from_numpy(share) * torch.exp(-depth)).sum(1))
    assert torch.allclose(beam.log_attenuation()(mineral, lean, fat).double(), exact, atol=0.01)


def test_a_spectrum_hardens_with_depth_and_with_voltage() -> None:
    table = Beam(70.0).log_attenuation()
    depth = table(torch.zeros(3), torch.tensor([5.0, 20.0, 40.0]), torch.zeros(3)) / torch.tensor([5.0, 20.0, 40.0])
    assert depth[0] > depth[1] > depth[2]
    assert Beam(100.0).mean_signal_energy() > Beam(70.0).mean_signal_energy()


@pytest.mark.parametrize(
    ("material", "expected"), [("mineral", 0.40), ("lean", 0.2048), ("fat", 0.1974), ("lead", 5.02)]
)
def test_attenuation_at_60_kev_is_that_of_the_published_tables(material: str, expected: float) -> None:
    """NIST XCOM / ICRU 44, cm2/g."""
    assert float(mass_attenuation(material, np.array([60.0]))[0]) == pytest.approx(expected, rel=0.03)


def test_an_impossible_voltage_is_refused() -> None:
    with pytest.raises(ValueError, match="expected 30 to 150"):
        Beam(5.0)
