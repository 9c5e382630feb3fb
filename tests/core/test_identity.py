import multiprocessing
from pathlib import Path

import numpy as np
import pytest

from core.identity import case_id, machine_key, naming_key, pseudonym

KEY = b"k" * 32


def test_the_same_film_is_the_same_case_and_another_film_another() -> None:
    film = np.random.default_rng(0).random((40, 30), dtype=np.float32)
    assert case_id(film, KEY) == case_id(film.copy(), KEY)
    other = film.copy()
    other[3, 4] = 1 - other[3, 4]
    assert case_id(other, KEY) != case_id(film, KEY)


def test_a_film_and_its_transpose_with_equal_bytes_are_two_cases() -> None:
    flat = np.zeros((20, 30), np.float32)
    assert case_id(flat, KEY) != case_id(flat.T.copy(), KEY)


def test_without_the_key_a_case_cannot_be_linked() -> None:
    film = np.ones((8, 8), np.float32)
    assert case_id(film, KEY) != case_id(film, b"x" * 32)
    assert pseudonym("patient", "1", KEY) != pseudonym("annotator", "1", KEY)


def _key_of(home: Path) -> bytes:
    return machine_key(home)


def test_processes_that_start_at_once_agree_on_one_key(tmp_path: Path) -> None:
    with multiprocessing.get_context("spawn").Pool(4) as pool:
        keys = pool.map(_key_of, [tmp_path / "home"] * 8)
    assert len(set(keys)) == 1
    assert (tmp_path / "home" / "key").stat().st_mode & 0o077 == 0
    assert [file.name for file in (tmp_path / "home").iterdir()] == ["key"]


def test_a_damaged_key_is_named_and_never_replaced(tmp_path: Path) -> None:
    (tmp_path / "key").write_bytes(b"short")
    with pytest.raises(ValueError, match="holds 5 bytes, expected 32"):
        machine_key(tmp_path)
    assert (tmp_path / "key").read_bytes() == b"short"


def test_home_is_closed_to_other_accounts(tmp_path: Path) -> None:
    home = tmp_path / "home"
    home.mkdir(mode=0o755)
    machine_key(home)
    assert home.stat().st_mode & 0o077 == 0


def test_a_film_has_a_name_where_no_key_can_be_kept(tmp_path: Path) -> None:
    blocked = tmp_path / "file"
    blocked.write_bytes(b"a file where the folder should be")
    key = naming_key(blocked / "home")
    assert len(key) == 32
    assert naming_key(blocked / "home") == key
