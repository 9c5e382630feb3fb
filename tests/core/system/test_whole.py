"""A file is the old one or the new one, and nothing is left beside it."""

import os
from pathlib import Path

import pytest

from core.system.whole import write_whole


def test_the_new_file_takes_the_place_of_the_old(tmp_path: Path) -> None:
    path = tmp_path / "folder" / "a.json"
    for data in (b"old", b"new"):
        write_whole(path, data)
        assert path.read_bytes() == data
    assert list(path.parent.iterdir()) == [path]


def test_the_old_file_stands_where_the_disk_is_full(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "a.json"
    write_whole(path, b"old")

    def full(_: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(OSError, match="No space"):
        write_whole(path, b"new")
    assert path.read_bytes() == b"old"
    assert list(tmp_path.iterdir()) == [path]


def test_no_other_account_reads_what_is_written(tmp_path: Path) -> None:
    write_whole(tmp_path / "films/a.png", b"film")
    assert (tmp_path / "films/a.png").stat().st_mode & 0o777 == 0o600
