"""Whatever happens to a file, it ends in a radiograph or a coded refusal: in time, in bounds, in this process."""

from collections.abc import Callable
from pathlib import Path
from time import perf_counter

import pytest

from core.refusal import Code, Refused
from core.settings import settings
from imaging import read_radiograph
from tests.imaging.damage import CUTS, TAIL, cuts, flipped, lying_dimensions, lying_lengths
from tests.imaging.person.planted import planted_dicom, planted_jpeg, planted_png, planted_tiff
from tests.imaging.survival import SECONDS, survives

FLIPS = 2000
PICTURES = ("knee_qus/images", "knee_binary/images", "hip_inverted", "spine_lateral", "wrong_site")
FLIPPED = ("knee_qus/images/N12.jpg", "hip_inverted/1_ap.png", "spine_lateral/3836-F-020Y1.jpg")


def pictures(films: Path) -> list[Path]:
    return [path for folder in PICTURES for path in sorted((films / folder).iterdir())]


def corpus(films: Path) -> list[Path]:
    return [*sorted((films / "dicom").glob("*.dcm")), *(films / name for name in FLIPPED)]


@pytest.mark.parametrize("make", [planted_dicom, planted_png, planted_jpeg, planted_tiff])
def test_a_made_file_survives_all_damage(make: Callable[[], bytes]) -> None:
    data = make()
    survives(cuts(data, 12))
    survives(flipped(data, make.__name__, seed) for seed in range(25))
    survives(list(lying_lengths(data))[::4])
    survives(list(lying_dimensions(data))[::2])


def test_a_draw_of_damage_to_every_real_file(films: Path) -> None:
    for number, path in enumerate(corpus(films)):
        data = path.read_bytes()
        survives(list(cuts(data))[number % 7 :: 25])
        survives([flipped(data, path.name, seed) for seed in range(2)])
        survives([*lying_lengths(data), *lying_dimensions(data)][number % 11 :: 40])


@pytest.mark.slow
@pytest.mark.timeout(7200)
def test_every_real_file_cut_at_fifty_places(films: Path) -> None:
    assert sum(survives(cuts(path.read_bytes())).total() for path in corpus(films)) == CUTS * len(corpus(films))


def test_a_draw_of_cuts_through_the_pictures(films: Path) -> None:
    drawn = pictures(films)[::13]
    assert len(drawn) > 30
    ended = survives(
        list(cuts(path.read_bytes()))[at] for number, path in enumerate(drawn) for at in (number % CUTS, CUTS - 1)
    )
    assert ended.total() == 2 * len(drawn)


def test_a_picture_without_its_last_bytes_is_refused_or_comes_out_whole(films: Path) -> None:
    drawn = [*pictures(films)[::26], *sorted((films / "hip_inverted").iterdir())[:2]]
    whole = 0
    for path in drawn:
        data = path.read_bytes()
        for missing in TAIL:
            try:
                film = read_radiograph(data[:-missing], "")
            except Refused:
                continue
            whole += 1
            assert film.case_id == read_radiograph(data, "").case_id, (path.name, missing)
    assert whole


@pytest.mark.slow
@pytest.mark.timeout(7200)
def test_every_picture_cut_at_fifty_places(films: Path) -> None:
    for path in pictures(films):
        assert survives(cuts(path.read_bytes())).total() == CUTS


@pytest.mark.slow
@pytest.mark.timeout(7200)
def test_two_thousand_flips_over_the_real_files(films: Path) -> None:
    files = corpus(films)
    share = -(-FLIPS // len(files))
    read = sum(
        survives(flipped(data, path.name, seed) for seed in range(share)).total()
        for path in files
        for data in [path.read_bytes()]
    )
    assert read >= FLIPS


@pytest.mark.slow
@pytest.mark.timeout(7200)
def test_lengths_and_dimensions_that_lie(films: Path) -> None:
    for path in corpus(films):
        data = path.read_bytes()
        survives(lying_lengths(data))
        survives(lying_dimensions(data))


def test_a_header_without_end_is_refused_in_time() -> None:
    head = bytes(128) + b"DICM" + b"\x02\x00\x10\x00UI\x14\x001.2.840.10008.1.2.1\0"
    endless = head + b"".join(b"\x09\x00" + n.to_bytes(2, "little") + b"LO\x02\x00ab" for n in range(65000))
    start = perf_counter()
    with pytest.raises(Refused, match="tags before its pixels") as refused:
        read_radiograph(endless, "")
    assert refused.value.refusal.code == Code.UNREADABLE
    assert perf_counter() - start < SECONDS


def test_a_deflated_bomb_is_refused_at_the_limit(monkeypatch: pytest.MonkeyPatch) -> None:
    import zlib

    from tests.imaging.made import bone, dicom

    data = dicom((bone() * 4095).astype("uint16"), "deflated")
    body = 144 + int.from_bytes(data[140:144], "little")
    squeeze = zlib.compressobj(9, zlib.DEFLATED, -zlib.MAX_WBITS)
    bomb = (
        data[:body]
        + squeeze.compress(zlib.decompress(data[body:], -zlib.MAX_WBITS) + bytes(50_000_000))
        + squeeze.flush()
    )
    monkeypatch.setenv("OSTEOLENS_MAX_MEGABYTES", "10")
    settings.cache_clear()
    with pytest.raises(Refused, match="inflates to more than 10 MB") as refused:
        read_radiograph(bomb, "")
    assert refused.value.refusal.code == Code.TOO_LARGE


def test_a_file_over_the_limit_is_refused_unread(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OSTEOLENS_MAX_MEGABYTES", "0.001")
    settings.cache_clear()
    with pytest.raises(Refused) as refused:
        read_radiograph(planted_png(), "")
    assert refused.value.refusal.code == Code.TOO_LARGE
