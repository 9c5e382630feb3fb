"""A file that several requests wait for goes with the last of them, and nothing else is removed."""

from pathlib import Path

import pytest

from spaces.uploads import Uploads


def test_a_film_dropped_twice_goes_with_the_second_reading(tmp_path: Path) -> None:
    film, uploads = tmp_path / "a.png", Uploads()
    film.write_bytes(b"a film")
    uploads.came([film])
    uploads.came([film])
    assert uploads.take(film) == (b"a film", "a.png")
    assert film.exists()
    uploads.take(film)
    assert not film.exists()
    with pytest.raises(FileNotFoundError):
        uploads.take(film)


def test_an_upload_that_is_written_but_not_counted_yet_stays(tmp_path: Path) -> None:
    film, uploads = tmp_path / "a.png", Uploads()
    film.write_bytes(b"a film")
    uploads.came([film])
    (tmp_path / "part").write_bytes(b"a film")
    (tmp_path / "part").rename(film)  # as Gradio puts an upload in its place
    uploads.take(film)
    assert film.exists()


def test_what_no_upload_brought_and_what_is_the_pages_own_stay(tmp_path: Path) -> None:
    preview, other, uploads = tmp_path / "p.png", tmp_path / "o.png", Uploads()
    for file in (preview, other):
        file.write_bytes(b"x")
    uploads.keep([preview])
    uploads.came([preview])
    uploads.take(preview)
    uploads.take(other)
    assert preview.exists()
    assert other.exists()


def test_uploads_swept_away_unread_are_forgotten(tmp_path: Path) -> None:
    film, uploads = tmp_path / "a.png", Uploads()
    film.write_bytes(b"x")
    uploads.came([film])
    film.unlink()
    uploads.came([])
    film.write_bytes(b"x")
    uploads.take(film)
    assert film.exists()  # a count of a file long gone would have removed it
