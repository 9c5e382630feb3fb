import pytest
from PIL import Image

from imaging import check, read_radiograph
from present.samples import SAMPLES, Sample


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
