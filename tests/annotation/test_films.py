"""The films of the worklist."""

from pathlib import Path

import pytest

from annotation.films import film_path, keep_film


def test_a_film_is_kept_whole_under_its_opaque_name_alone(tmp_path: Path) -> None:
    path = keep_film(tmp_path, "a" * 24, b"pixels")
    assert path == film_path(tmp_path, "a" * 24)
    assert path.read_bytes() == b"pixels"
    assert [file.name for file in path.parent.iterdir()] == [f"{'a' * 24}.png"]


def test_a_film_that_is_there_is_left_alone(tmp_path: Path) -> None:
    keep_film(tmp_path, "a" * 24, b"pixels")
    before = film_path(tmp_path, "a" * 24).stat().st_mtime_ns
    keep_film(tmp_path, "a" * 24, b"pixels")
    assert film_path(tmp_path, "a" * 24).stat().st_mtime_ns == before


@pytest.mark.parametrize("name", ["../../etc/passwd", "A" * 24, "a" * 23, "a" * 25, "", "a" * 24 + "\n"])
def test_no_other_name_makes_a_path(tmp_path: Path, name: str) -> None:
    with pytest.raises(ValueError, match="24 hex digits"):
        film_path(tmp_path, name)
