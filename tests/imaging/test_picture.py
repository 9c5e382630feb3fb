"""Picture files: every format and depth, turned as EXIF asks, and what is no film refused."""

from io import BytesIO

import numpy as np
import pytest
from PIL import Image

from core.refusal import Code, Refused
from imaging import read_radiograph, to_png
from tests.imaging.made import bone

GREY = np.rint(bone() * 255).astype(np.uint8)


def saved(image: Image.Image, kind: str, **options: object) -> bytes:
    stream = BytesIO()
    image.save(stream, kind, **options)
    return stream.getvalue()


@pytest.mark.parametrize(("kind", "options"), [("PNG", {}), ("TIFF", {}), ("WEBP", {"lossless": True}), ("BMP", {})])
def test_eight_bits_come_out_as_they_went_in(kind: str, options: dict) -> None:
    film = read_radiograph(saved(Image.fromarray(GREY), kind, **options), "")
    np.testing.assert_allclose(film.pixels, GREY / 255, atol=1e-6)
    assert film.acquisition.encoding == kind


def test_the_same_pixels_are_the_same_case_in_whatever_file() -> None:
    image = Image.fromarray(GREY)
    files = [saved(image, "PNG"), saved(image, "BMP"), saved(image.convert("RGB"), "PNG"), saved(image, "TIFF")]
    assert len({read_radiograph(file, "").case_id for file in files}) == 1


@pytest.mark.parametrize("kind", ["PNG", "TIFF"])
@pytest.mark.parametrize("bits", [12, 16])
def test_sixteen_bits_keep_their_depth(kind: str, bits: int) -> None:
    top = (1 << bits) - 1
    deep = np.rint(bone() * top).astype(np.uint16)
    deep.flat[0] = top
    film = read_radiograph(saved(Image.fromarray(deep), kind), "")
    np.testing.assert_allclose(film.pixels, deep / top, atol=1e-6)


def test_float_tiff_spans_its_own_range_and_what_is_no_number_is_no_film() -> None:
    values = bone() * 30 - 5
    values[:20] = np.nan
    film = read_radiograph(saved(Image.fromarray(values), "TIFF"), "")
    low, high = np.nanmin(values), np.nanmax(values)
    np.testing.assert_allclose(film.pixels[20:], (values[20:] - low) / (high - low), atol=1e-5)
    assert film.valid is not None
    assert not film.valid[:20].any()


@pytest.mark.parametrize("bits", [8, 16])
def test_a_tiff_whose_nought_is_white_is_turned(bits: int) -> None:
    levels = GREY if bits == 8 else GREY.astype(np.uint16) * 257
    plain = saved(Image.fromarray(levels), "TIFF")
    white = saved(Image.fromarray(np.iinfo(levels.dtype).max - levels), "TIFF", tiffinfo={262: 0} if bits == 16 else {})
    if bits == 8:  # Pillow writes MINISWHITE only through the mode, so patch the tag
        at = white.index(b"\x06\x01\x03\x00\x01\x00\x00\x00\x01\x00")
        white = white[: at + 8] + b"\0\0" + white[at + 10 :]
    assert read_radiograph(white, "").case_id == read_radiograph(plain, "").case_id


@pytest.mark.parametrize("turn", range(1, 9))
@pytest.mark.parametrize("kind", ["PNG", "TIFF", "JPEG"])
def test_exif_orientation_is_honoured(turn: int, kind: str) -> None:
    from PIL import ImageOps

    exif = Image.Exif()
    exif[0x0112] = turn
    options = {"quality": 95} if kind == "JPEG" else {}
    data = saved(Image.fromarray(GREY), kind, exif=exif.tobytes(), **options)
    expected = np.asarray(ImageOps.exif_transpose(Image.open(BytesIO(data))))
    np.testing.assert_allclose(read_radiograph(data, "").pixels, expected / 255, atol=1e-6)


def test_a_grey_jpeg_in_colour_mode_is_a_film_and_a_tinted_one_too() -> None:
    blue = np.stack([GREY * 0.8, GREY * 0.85, 30 + GREY * 0.85], -1).astype(np.uint8)
    for image in (Image.fromarray(GREY).convert("RGB"), Image.fromarray(blue)):
        film = read_radiograph(saved(image, "JPEG", quality=80), "")
        assert np.corrcoef(film.pixels.ravel(), GREY.ravel())[0, 1] > 0.98


def test_a_photograph_is_no_radiograph() -> None:
    random = np.random.default_rng(0)
    coarse = Image.fromarray(random.integers(0, 255, (12, 16, 3), dtype=np.uint8)).resize((320, 240), Image.BICUBIC)
    with pytest.raises(Refused, match="in colour") as refused:
        read_radiograph(saved(coarse, "JPEG"), "")
    assert refused.value.refusal.code == Code.NOT_A_RADIOGRAPH


def test_a_rainbow_coloured_film_gets_its_grey_back() -> None:
    along = np.arange(256) / 255
    jet = np.stack([np.clip(1.5 - abs(4 * along - peak), 0, 1) * 255 for peak in (3, 2, 1)], -1).astype(np.uint8)
    film = read_radiograph(saved(Image.fromarray(jet[GREY]), "PNG"), "")
    assert "pseudo_colour" in [notice.code for notice in film.notices]
    assert abs(film.pixels - GREY / 255).max() < 0.02


@pytest.mark.parametrize("kind", ["PNG", "WEBP", "TIFF"])
def test_several_pictures_in_one_file_are_refused_with_their_number(kind: str) -> None:
    other = Image.fromarray(GREY[::-1].copy())
    data = saved(Image.fromarray(GREY), kind, save_all=True, append_images=[other, other.rotate(90)])
    with pytest.raises(Refused, match="3 pictures") as refused:
        read_radiograph(data, "")
    assert refused.value.refusal.code == Code.NOT_A_RADIOGRAPH


def test_a_bomb_is_refused_by_its_header_unopened() -> None:
    data = bytearray(saved(Image.fromarray(GREY), "PNG"))
    import zlib

    data[16:24] = (50000).to_bytes(4, "big") * 2
    data[29:33] = zlib.crc32(bytes(data[12:29])).to_bytes(4, "big")
    with pytest.raises(Refused) as refused:
        read_radiograph(bytes(data), "")
    assert refused.value.refusal.code == Code.TOO_LARGE


@pytest.mark.parametrize("kind", ["PNG", "JPEG", "TIFF", "WEBP", "BMP"])
def test_a_picture_cut_off_is_refused(kind: str) -> None:
    data = saved(Image.fromarray(GREY), kind)
    for share in (0.1, 0.5, 0.9):
        with pytest.raises(Refused) as refused:
            read_radiograph(data[: int(len(data) * share)], "")
        assert refused.value.refusal.code == Code.UNREADABLE


@pytest.mark.parametrize("data", [b"", b"hello", b"%PDF-1.7 ...", b"GIF89a" + bytes(50), bytes(1000)])
def test_other_files_are_refused_in_a_sentence(data: bytes) -> None:
    with pytest.raises(Refused, match="expected DICOM, PNG, JPEG, TIFF, WebP or BMP") as refused:
        read_radiograph(data, "")
    assert refused.value.refusal.code == Code.UNREADABLE


def test_the_name_is_never_looked_at() -> None:
    data = saved(Image.fromarray(GREY), "PNG")
    assert read_radiograph(data, "SMITH^JOHN-067Y.dcm").case_id == read_radiograph(data, "").case_id


def test_the_export_holds_the_pixels_and_nothing_else() -> None:
    png = to_png(read_radiograph(saved(Image.fromarray(GREY), "PNG"), ""))
    image = Image.open(BytesIO(png))
    assert np.array_equal(np.asarray(image), GREY)
    assert not image.info
    assert {png[at + 4 : at + 8] for at in _chunks(png)} == {b"IHDR", b"IDAT", b"IEND"}


def _chunks(png: bytes) -> list[int]:
    at, places = 8, []
    while at < len(png):
        places.append(at)
        at += 12 + int.from_bytes(png[at : at + 4], "big")
    return places
