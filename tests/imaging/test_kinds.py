"""Films as writers really write them: each a kind that was once refused, or read as another film."""

import struct
import zlib
from io import BytesIO
from pathlib import Path

import imagecodecs
import numpy as np
import pytest
from PIL import Image
from pydicom import dcmread
from pydicom.dataset import Dataset
from pydicom.encaps import encapsulate
from pydicom.sequence import Sequence
from pydicom.uid import UID

from core.refusal import Code, Refused
from imaging import deidentified, deidentify_folder, read_radiograph
from tests.imaging.made import bone, dicom, saved

STORED = np.rint(bone() * 4095).astype(np.uint16)
GREY8 = (STORED >> 4).astype(np.uint8)
FULL = {"WindowCenter": 2048, "WindowWidth": 4096}
BASELINE, LOSSLESS_LS, NEAR_LS, J2K, J2K_LOSSY = (
    UID(f"1.2.840.10008.1.2.4.{number}") for number in ("50", "80", "81", "90", "91")
)


def wrapped(stream: bytes, syntax: UID, **tags: object) -> bytes:
    """A film whose one frame is this stream."""
    return framed(encapsulate([stream]), syntax, **tags)


def framed(items: bytes, syntax: UID, **tags: object) -> bytes:
    dataset = dcmread(BytesIO(dicom(STORED, **{**FULL, **tags})))
    dataset.PixelData = items
    dataset["PixelData"].VR, dataset["PixelData"].is_undefined_length = "OB", True
    return saved(Dataset(dataset), syntax)


def in_colour(stream: bytes, photometric: str = "RGB") -> bytes:
    return wrapped(
        stream, BASELINE, SamplesPerPixel=3, PhotometricInterpretation=photometric, PlanarConfiguration=0,
        BitsAllocated=8, BitsStored=8, HighBit=7, WindowCenter=None, WindowWidth=None,
    )  # fmt: skip


def item(content: bytes) -> bytes:
    return b"\xfe\xff\x00\xe0" + len(content).to_bytes(4, "little") + content


def even(content: bytes) -> bytes:
    return content + bytes(len(content) % 2)


def read(data: bytes) -> np.ndarray:
    return read_radiograph(data, "").pixels


def assert_film(data: bytes, expected: np.ndarray = STORED / 4095, atol: float = 2e-4) -> None:
    np.testing.assert_allclose(read(data), expected, atol=atol)


@pytest.mark.parametrize(
    "first", [b"II*\0\x08\0\0\0", b"MM\0*\xff\0\0\0", b"BM", b"\x89PNG\r\n\x1a\n", b"\xff\xd8\xff"]
)
def test_what_stands_before_a_dicom_file_does_not_make_it_a_picture(first: bytes) -> None:
    whole = dicom(STORED, **FULL)
    assert_film(first + whole[len(first) :])


@pytest.mark.parametrize("near", [1, 3])
def test_a_lossy_codec_that_goes_beyond_white_gives_white(near: int) -> None:
    white = STORED.copy()
    white[20:90, 15:60] = 4095
    stream = imagecodecs.jpegls_encode(white, level=near)
    assert imagecodecs.jpegls_decode(stream).max() > 4095
    assert_film(wrapped(stream, NEAR_LS), white / 4095, atol=(near + 0.5) / 4095)


def test_overlay_bits_in_a_lossless_stream_are_cut_off_and_not_clipped() -> None:
    over = STORED | (np.indices(STORED.shape)[0] % 2).astype(np.uint16) << 12
    assert_film(wrapped(imagecodecs.jpegls_encode(over), LOSSLESS_LS))


def test_tables_of_a_big_endian_file_are_turned_and_stay_so_without_the_person() -> None:
    curve = (4095 / (1 + np.exp(-4 * (np.arange(4096) - 1400) / 1600))).astype(np.uint16)
    table = Dataset()
    table.add_new(0x00283002, "US", [4096, 0, 12])
    table.add_new(0x00283006, "OW", curve.astype(">u2").tobytes())
    data = dicom(STORED, "big_endian", VOILUTSequence=Sequence([table]))
    assert_film(data, curve[STORED] / 4095)
    assert_film(deidentified(data).data, curve[STORED] / 4095)


def anonymous(stream: bytes) -> bytes:
    """A JPEG without markers of its application, its components named 1, 2, 3."""
    kept, at = bytearray(stream[:2]), 2
    while stream[at + 1] != 0xDA:
        stop = at + 2 + int.from_bytes(stream[at + 2 : at + 4], "big")
        segment = bytearray(stream[at:stop])
        if segment[1] == 0xC0:
            segment[10:17:3] = b"\1\2\3"
        if not 0xE0 <= segment[1] <= 0xEF:
            kept += segment
        at = stop
    scan = bytearray(stream[at:])
    scan[5:10:2] = b"\1\2\3"
    return bytes(kept + scan)


@pytest.mark.parametrize("inside", ["RGB", "YCBCR"])
@pytest.mark.parametrize("said", ["RGB", "YBR_FULL", "YBR_FULL_422"])
def test_of_colours_that_nothing_names_those_that_are_grey_are_the_film(inside: str, said: str) -> None:
    colours = np.repeat(GREY8[..., None], 3, 2)
    stream = anonymous(imagecodecs.jpeg8_encode(colours, colorspace="RGB", outcolorspace=inside, level=95))
    assert_film(in_colour(stream, said), GREY8 / 255, atol=0.05)


def test_functional_groups_say_what_others_say_at_the_top() -> None:
    window, spacing, shared = Dataset(), Dataset(), Dataset()
    window.WindowCenter, window.WindowWidth, spacing.PixelSpacing = 1200, 1600, [0.2, 0.3]
    shared.FrameVOILUTSequence, shared.PixelMeasuresSequence = Sequence([window]), Sequence([spacing])
    film = read_radiograph(dicom(STORED, Modality="RF", SharedFunctionalGroupsSequence=Sequence([shared])), "")
    np.testing.assert_array_equal(film.pixels, read(dicom(STORED, WindowCenter=1200, WindowWidth=1600)))
    assert film.spacing_mm == (0.2, 0.3)


def test_a_deflated_file_names_its_encoding() -> None:
    film = read_radiograph(dicom(STORED, "deflated"), "")
    assert "no_file_meta" not in [notice.code for notice in film.notices]


def test_a_decimal_comma_is_a_point_and_written_as_one_without_the_person() -> None:
    point = dicom(STORED, RescaleSlope="0.25", RescaleIntercept="0", WindowCenter="512", WindowWidth="1000")
    assert point.count(b"0.25") == 1
    comma = point.replace(b"0.25", b"0,25")
    np.testing.assert_array_equal(read(comma), read(point))
    np.testing.assert_array_equal(read(deidentified(comma).data), read(point))


@pytest.mark.parametrize("syntax", ["explicit", "implicit", "big_endian"])
def test_an_empty_transfer_syntax_is_told_from_the_bytes(syntax: str) -> None:
    whole = dicom(STORED, syntax, **FULL)
    body = whole[144 + int.from_bytes(whole[140:144], "little") :]
    meta = b"\2\0\x10\0UI\0\0"
    data = whole[:132] + b"\2\0\0\0UL\4\0" + len(meta).to_bytes(4, "little") + meta + body
    assert_film(data)
    assert "no_file_meta" in [notice.code for notice in read_radiograph(data, "").notices]


def test_a_film_without_a_name_of_its_own_gets_one_and_stops_nobody(tmp_path: Path) -> None:
    for name, uid in (("a", "1.2.3"), ("b", ""), ("c", "1.2.4")):
        data = dicom(STORED, SOPInstanceUID="1.2.3.4567", PatientID=name)
        at = data.rindex(b"\x08\0\x18\0UI")  # in the data set, behind the meta information
        stop = at + 8 + int.from_bytes(data[at + 6 : at + 8], "little")
        value = uid.encode() + bytes(len(uid) % 2)
        (tmp_path / f"{name}.dcm").write_bytes(data[: at + 6] + len(value).to_bytes(2, "little") + value + data[stop:])
    outcomes = list(deidentify_folder(tmp_path, tmp_path / "out"))
    assert [outcome.status for outcome in outcomes] == ["written"] * 3
    names = {dcmread(tmp_path / "out" / outcome.name).SOPInstanceUID for outcome in outcomes}
    assert len(names) == 3
    assert all(names)


def test_jpeg_2000_in_its_file_wrapper_is_unwrapped() -> None:
    assert_film(wrapped(imagecodecs.jpeg2k_encode(STORED, codecformat="jp2", reversible=True, level=0), J2K))


def test_all_fragments_are_the_frame_of_a_film_of_one_whatever_the_table_says() -> None:
    stream = even(imagecodecs.jpegls_encode(STORED))
    half = len(stream) // 4 * 2
    parts = item(stream[:half]) + item(stream[half:])
    table = struct.pack("<II", 0, half + 8)
    end = b"\xfe\xff\xdd\xe0\0\0\0\0"
    assert_film(framed(item(table) + parts + end, LOSSLESS_LS))
    with pytest.raises(Refused, match="hold 2"):  # two films are not one in two fragments
        read(framed(item(b"") + 2 * item(stream) + end, LOSSLESS_LS))


@pytest.mark.parametrize("padding", [b"\0" * 200, b"\xff" * 200, b"\0" * 4096])
def test_padding_behind_a_stream_is_no_damage(padding: bytes) -> None:
    assert_film(wrapped(even(imagecodecs.jpegls_encode(STORED)) + padding, LOSSLESS_LS))


def test_a_stream_that_ends_early_and_goes_on_is_damage() -> None:
    stream = bytearray(imagecodecs.jpeg8_encode(STORED, lossless=True, bitspersample=12))
    stream[len(stream) // 2 : len(stream) // 2 + 2] = b"\xff\xd9"
    with pytest.raises(Refused, match="cut off"):
        read(wrapped(even(bytes(stream)), UID("1.2.840.10008.1.2.4.70")))


@pytest.mark.parametrize("tags", [{"BitsStored": 16, "HighBit": 11}, {"BitsStored": None, "HighBit": 11}])
def test_bits_that_are_at_odds_are_read_as_stored(tags: dict) -> None:
    assert_film(dicom(STORED, **FULL, **tags))


def test_a_refusal_for_bits_says_what_the_header_says() -> None:
    with pytest.raises(Refused, match="says bit 17 the highest in 16 bits"):
        read(dicom(STORED, BitsStored=None, HighBit=17))


def test_a_directory_of_a_disc_is_called_one() -> None:
    with pytest.raises(Refused, match="DICOMDIR") as refused:
        read(dicom(STORED, DirectoryRecordSequence=Sequence([])))
    assert refused.value.refusal.code == Code.NOT_A_RADIOGRAPH


def test_a_rescale_beyond_numbers_is_no_film() -> None:
    with pytest.raises(Refused, match="beyond what numbers can hold"):
        read(dicom(STORED, RescaleSlope="1e308", RescaleIntercept="0"))


# -- pictures -------------------------------------------------------------------------------------------------------


def png(*chunks: bytes) -> bytes:
    stream = BytesIO()
    Image.fromarray(GREY8).save(stream, "PNG")
    whole = stream.getvalue()
    return whole[:33] + b"".join(chunks) + whole[33:]


def chunk(kind: bytes, content: bytes, right: bool = True) -> bytes:
    checksum = zlib.crc32(kind + content) if right else 0
    return struct.pack(">I", len(content)) + kind + content + struct.pack(">I", checksum)


@pytest.mark.parametrize(
    "extra",
    [
        chunk(b"zTXt", b"Comment\0\0" + zlib.compress(b"x" * 3_000_000)),
        chunk(b"tEXt", b"Comment\0hello", right=False),
        chunk(b"iCCP", b"no profile\0\0nonsense", right=False),
    ],
)
def test_what_is_no_picture_never_costs_a_film(extra: bytes) -> None:
    assert_film(png(extra), GREY8 / 255, atol=1e-6)


def test_a_wrong_checksum_in_the_pixels_still_does() -> None:
    data = bytearray(png())
    data[-17] ^= 1  # the last byte of the pixels' checksum
    with pytest.raises(Refused) as refused:
        read(bytes(data))
    assert refused.value.refusal.code == Code.UNREADABLE


def test_rare_jpegs_are_read() -> None:
    assert_film(imagecodecs.jpeg8_encode(STORED, bitspersample=12, level=100), atol=0.01)
    assert_film(imagecodecs.jpeg8_encode(STORED << 4, lossless=True), (STORED << 4) / 65535, atol=1e-6)
    with pytest.raises(Refused) as refused:
        read(imagecodecs.jpeg8_encode(STORED << 4, lossless=True)[:-2000])
    assert refused.value.refusal.code == Code.UNREADABLE


def tiff(pixels: np.ndarray, sample_format: int, pages: int = 1) -> bytes:
    """Uncompressed, little endian; its pages share the pixels."""
    tags = {256: pixels.shape[1], 257: pixels.shape[0], 258: 8 * pixels.dtype.itemsize, 259: 1, 262: 1, 273: 8, 277: 1,
            278: pixels.shape[0], 279: pixels.nbytes, 339: sample_format}  # fmt: skip
    body = even(pixels.tobytes())
    entries = b"".join(struct.pack("<HHII", tag, 4, 1, value) for tag, value in sorted(tags.items()))
    size = 2 + len(entries) + 4
    at = 8 + len(body)
    chain = b"".join(
        struct.pack("<H", len(tags)) + entries + struct.pack("<I", at + (n + 1) * size if n + 1 < pages else 0)
        for n in range(pages)
    )
    return b"II*\0" + struct.pack("<I", at) + body + chain


def test_signed_bytes_and_long_floats_of_a_tiff_are_read() -> None:
    assert_film(tiff((GREY8.astype(np.int16) - 128).astype(np.int8), 2), GREY8 / 255, atol=1e-6)
    values = STORED.astype("<f8")
    assert_film(tiff(values, 3), (values - values.min()) / np.ptp(values), atol=1e-6)


def test_a_kind_of_tiff_that_is_not_known_is_named() -> None:
    with pytest.raises(Refused, match="64-bit unsigned") as refused:
        read(tiff(STORED.astype("<u8"), 1))
    assert refused.value.refusal.code == Code.UNSUPPORTED_ENCODING


def test_a_tiff_of_very_many_pages_is_refused_at_once() -> None:
    with pytest.raises(Refused, match="more than 1,000 pictures"):
        read(tiff(GREY8, 1, pages=40_000))
    film = read_radiograph(tiff(GREY8, 1, pages=3), "", frame=2)
    np.testing.assert_allclose(film.pixels, GREY8 / 255, atol=1e-6)


@pytest.mark.parametrize("fourth", [0, 255])
def test_a_fourth_value_that_is_the_same_everywhere_is_no_transparency(fourth: int) -> None:
    stream = BytesIO()
    dots = np.dstack([GREY8, GREY8, GREY8, np.full_like(GREY8, fourth)])
    Image.fromarray(dots, "RGBA").save(stream, "PNG")
    assert_film(stream.getvalue(), GREY8 / 255, atol=1e-5)
