"""A CT is laid on its film: a pose that is known comes back."""

from dataclasses import astuple

import numpy as np
import pytest
import torch

from core.settings import settings
from simulation.xray import ct
from simulation.xray.pose import turn
from simulation.xray.projector import Geometry
from tests.bone_volume import SPACING, femur
from training.ct.registration import CtPose, register


def test_turns_are_those_of_virtual_bodies() -> None:
    assert np.allclose(CtPose(x_deg=5, y_deg=-20, z_deg=11).rotation(), turn(5, -20, 11))


def test_a_known_pose_comes_back_from_a_film_with_flesh_noise_and_a_tone_of_its_own() -> None:
    """The scan ends 18 mm above the film's lower end, as scans do: where bone stops on it is no edge of the bone."""
    bone, _ = femur()
    truth = CtPose(5.5, -9.2, 168.0, 2.0, 3.8, 5.0)
    geometry = Geometry((0.0, 0.0, 1150.0), 0.0, (-130.0, 130.0), 1.0, (260, 260))
    rotation = truth.rotation()
    cast = ct.project(bone, SPACING, geometry, astuple(truth)[:3], rotation=torch.from_numpy(rotation).float())
    across, down = torch.linspace(-1.3, 1, 260)[None], torch.linspace(-1, 0.8, 260)[:, None]
    flesh = torch.exp(-(1.2 * across**2 + down**2))
    noise = torch.randn(cast.shape, generator=torch.Generator().manual_seed(0))
    film = 1 - torch.exp(-0.5 * cast - 1.5 * flesh) + 0.005 * noise
    middle = np.array(astuple(truth)[:3]) + rotation @ (0, 9, 0)
    known = np.array([*middle, *astuple(truth)[3:]])
    start = CtPose(*(known + np.array([6, -5, 12, -4, 3, 3.5])).tolist())
    found, alike = register(np.ascontiguousarray(bone[:, 6:]), SPACING, film.numpy(), geometry, start)
    off = np.abs(np.array(astuple(found)) - known)
    assert off.max() < 1, off  # mm and degrees
    assert alike > 0.4
    _, elsewhere = register(bone, SPACING, film.numpy()[::-1].copy(), geometry, start)
    assert elsewhere < 0.5 * alike


@pytest.mark.slow
def test_a_real_pelvis_finds_its_place_on_its_film() -> None:
    path = settings().data / "ct/visible_human_pelvis.nii.gz"
    if not path.exists():
        pytest.skip("no CT: set OSTEOLENS_DATA to a folder with ct/visible_human_pelvis.nii.gz")
    line = ct.Calibration(0.8, 5.0)
    whole = ct.read(path)
    volume = ct.CtVolume(np.ascontiguousarray(whole.hu[::4, ::4, ::4]), tuple(4 * mm for mm in whole.spacing_mm))  # type: ignore[arg-type]
    film = ct.film(volume, line, size=200)  # middle on middle, through beam, detector and processing
    pitch, (rows, columns) = film.spacing_mm[0], film.pixels.shape
    geometry = Geometry((0.0, 0.0, 1150.0), 0.0, (-columns * pitch / 2, rows * pitch / 2), pitch, (rows, columns))
    known = np.array([0, 0, 65 + volume.hu.shape[2] * volume.spacing_mm[2] / 2, 0, 0, 0])
    start = CtPose(*(known + np.array([6, -4, 10, 3, -3, 2])).tolist())
    bone = volume.density(line, floor=120.0)
    found, _ = register(bone, volume.spacing_mm, film.pixels, geometry, start)
    off = np.abs(np.array(astuple(found)) - known)
    assert off.max() < 1, off
