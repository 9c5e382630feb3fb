import numpy as np
import pytest
from PIL import Image

from imaging import check, read_radiograph
from present.samples import FILMS, SAMPLES, Sample


@pytest.mark.parametrize("sample", SAMPLES, ids=lambda sample: sample.name)
def test_each_sample_is_small_readable_and_has_a_preview(sample: Sample) -> None:
    assert sample.path.stat().st_size < 400_000
    film = read_radiograph(sample.path.read_bytes(), sample.name)
    check(film)
    assert min(film.height, film.width) > 500
    with Image.open(sample.preview) as preview:
        assert preview.width / preview.height == pytest.approx(film.width / film.height, abs=0.02)


def test_all_that_lies_in_the_folder_is_offered() -> None:
    assert {file.name for file in SAMPLES[0].path.parent.iterdir()} == {sample.name for sample in SAMPLES}


def test_virtual_people_are_said_to_be_virtual_wherever_they_are_named() -> None:
    films = [sample for sample in SAMPLES if "knee" not in sample.name]
    assert len(films) == 5
    assert all(sample.name.startswith("virtual_") for sample in films)
    assert sum(file.stat().st_size for sample in films for file in (sample.path, sample.preview)) < 1_500_000


@pytest.mark.slow
def test_the_virtual_films_that_ship_are_made_again_by_the_program() -> None:
    from simulation.samples import SAMPLES as MADE, picture

    for one in MADE:
        shipped = np.asarray(Image.open(FILMS / f"{one.name}.png"), int)
        made = np.asarray(picture(one), int)
        assert shipped.shape == made.shape
        assert np.abs(shipped - made).mean() < 0.5  # other processors round other last bits
