"""Burnt-in text: painted over where it is certain, held where it may be, and nothing taken for it that is none."""

from io import BytesIO
from pathlib import Path

import numpy as np
import pytest
from PIL import Image, ImageDraw, ImageFont
from pydicom import dcmread

from core.radiograph import Radiograph
from core.refusal import Code, NoticeCode
from imaging import deidentify_folder, read_radiograph
from imaging.person.deidentify import deidentified, opaque_name
from imaging.person.pixels import Verdict
from imaging.person.text import cleaned, text_lines
from tests.imaging.made import bone, dicom

NAME = "MUELLER, ANNA 12.03.1951"
SAMPLE = Path(__file__).resolve().parents[3] / "samples/virtual_pelvis.png"  # of a virtual patient


def virtual() -> np.ndarray:
    return np.asarray(Image.open(SAMPLE).convert("L"), np.float32) / 255


def written(
    film: np.ndarray, text: str = NAME, at: tuple[int, int] = (0, 0), size: int = 22, angle: int = 0, ink: int = 255,
    outline: int | None = None,
) -> tuple[np.ndarray, np.ndarray]:  # fmt: skip
    """The film with a line of text on it, and where its ink is."""
    font = ImageFont.load_default(size)
    left, top, right, bottom = font.getbbox(text, stroke_width=2)
    line = Image.new("L", (round(right - left) + 8, round(bottom - top) + 8))
    rim = line.copy()
    start = 4 - left, 4 - top
    ImageDraw.Draw(line).text(start, text, 255, font)
    ImageDraw.Draw(rim).text(start, text, 255, font, stroke_width=1)
    turned = [np.asarray(one.rotate(angle, expand=True)) for one in (line, rim)]
    rows, columns = turned[0].shape
    place = slice(at[0], at[0] + rows), slice(at[1], at[1] + columns)
    inked = film.copy()
    if outline is not None:
        inked[place][turned[1] > 127] = outline / 255
    inked[place][turned[0] > 127] = ink / 255
    where = np.zeros(film.shape, bool)
    where[place] = turned[0] > 127
    return inked, where


def png(grey: np.ndarray) -> bytes:
    stream = BytesIO()
    Image.fromarray(np.rint(grey * 255).astype(np.uint8)).save(stream, "PNG")
    return stream.getvalue()


def codes(film: Radiograph) -> list[str]:
    return [str(notice.code) for notice in film.notices]


def test_names_are_gone_from_a_film_wherever_they_stand() -> None:
    """Over bone, thinly outlined, running down, aslant, and beside the anatomy."""
    film, inks = virtual(), []
    for at, how in (
        ((420, 330), {"outline": 0}),
        ((300, 560), {"angle": 90}),
        ((250, 180), {"angle": 20, "ink": 0, "outline": 255}),
        ((10, 20), {}),
    ):
        film, ink = written(film, at=at, **how)  # type: ignore[arg-type]
        inks.append(ink)
    result = cleaned(film)
    assert result.film is not None
    assert [float(result.film[ink].mean()) for ink in inks] == [0, 0, 0, 0]  # all of it lies under paint
    assert result.lines >= len(inks)
    assert np.array_equal(result.pixels[result.film], film[result.film])
    assert (~result.film).mean() < 0.1


def test_a_virtual_film_without_text_stays_as_it_is() -> None:
    film = virtual()
    result = cleaned(film)
    assert result.pixels is film
    assert (result.film, result.lines, result.suspected) == (None, 0, ())


def test_a_side_marker_stays() -> None:
    before, _ = written(written(bone((512, 384)), "R", (20, 30), 40)[0], "L", (20, 320), 40)
    film = read_radiograph(png(before), "")
    np.testing.assert_allclose(film.pixels, np.rint(before * 255) / 255, atol=1e-6)
    assert film.suspected == ()


# Cyrillic is seen to be text, and its letters are not known to the network.
CYRILLIC = "\u0418\u0432\u0430\u043d\u043e\u0432\u0430 \u041c\u0430\u0440\u0438\u044f"


def unsure(monkeypatch: pytest.MonkeyPatch) -> np.ndarray:
    """A film with a line that can be seen to be text and not be read."""
    import matplotlib

    font = Path(matplotlib.get_data_path()) / "fonts/ttf/DejaVuSans.ttf"
    monkeypatch.setattr(ImageFont, "load_default", lambda size: ImageFont.truetype(str(font), size))
    return written(virtual(), CYRILLIC, (430, 330), 24)[0]


def test_what_cannot_be_read_is_left_suspected_and_said(monkeypatch: pytest.MonkeyPatch) -> None:
    inked = unsure(monkeypatch)
    film = read_radiograph(png(inked), "")
    assert NoticeCode.TEXT_SUSPECTED in codes(film)
    (box, *_) = film.suspected
    assert box[0] < 400 < box[2]
    assert box[1] < 445 < box[3]


def test_a_held_picture_goes_nowhere_until_a_person_has_looked(
    tmp_path: Path, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    source, out, data = tmp_path / "in", tmp_path / "out", png(unsure(monkeypatch))
    source.mkdir()
    (source / "a.png").write_bytes(data)
    name = opaque_name(data)
    (held,) = deidentify_folder(source, out)
    assert (held.status, held.name) == ("held", name)
    assert list(out.iterdir()) == []
    assert held.picture is not None
    assert held.picture.is_file()
    (written_now,) = deidentify_folder(source, out, {name: "paint"})
    assert written_now.status == "written"
    assert not held.picture.exists()
    grey = np.asarray(Image.open(out / f"{name}.png"), np.float32) / 255
    assert text_lines(grey) == ()


@pytest.mark.parametrize("verdict", [None, "clear", "paint"])
def test_dicom_claims_what_was_done_and_no_more(verdict: Verdict | None, monkeypatch: pytest.MonkeyPatch) -> None:
    stored = np.rint(unsure(monkeypatch) * 4095).astype(np.uint16)
    clean = deidentified(dicom(stored, BurnedInAnnotation="YES"), verdict)
    told = dcmread(BytesIO(clean.data))
    codes = [item.CodeValue for item in told.DeidentificationMethodCodeSequence]
    if verdict is None:  # held: nobody gets this file
        assert clean.suspected
        assert clean.picture
        return
    assert clean.suspected == ()
    assert told.BurnedInAnnotation == "NO"
    assert ("113101" in codes) == (verdict == "paint")


def test_a_vertical_name_is_painted_over_in_dicom_and_that_is_claimed() -> None:
    film, ink = written(virtual(), at=(300, 560), angle=90)
    stored = np.rint(film * 4095).astype(np.uint16)
    told = dcmread(BytesIO(deidentified(dicom(stored, BurnedInAnnotation="NO")).data))
    assert (told.pixel_array != stored)[ink].mean() > 0.99
    assert not text_lines((told.pixel_array / np.float32(4095)).astype(np.float32))
    assert told.BurnedInAnnotation == "NO"
    assert "113101" in [item.CodeValue for item in told.DeidentificationMethodCodeSequence]


def test_dicom_without_text_claims_no_cleaning() -> None:
    told = dcmread(BytesIO(deidentified(dicom(np.rint(bone() * 4095).astype(np.uint16))).data))
    assert "BurnedInAnnotation" not in told
    assert "113101" not in [item.CodeValue for item in told.DeidentificationMethodCodeSequence]


def test_a_file_that_says_it_has_text_is_held_where_none_is_found() -> None:
    clean = deidentified(dicom(np.rint(bone() * 4095).astype(np.uint16), BurnedInAnnotation="YES"))
    assert clean.suspected == ((0, 0, *bone().shape[::-1]),)


def test_the_patients_number_between_the_knees_is_gone(films: Path) -> None:
    for name in ("N16",):
        film = read_radiograph((films / f"knee_qus/images/{name}.jpg").read_bytes(), "")
        assert Code.BURNED_IN_TEXT in codes(film)
        assert not [line for line in text_lines(film.pixels) if line.certain]


@pytest.mark.slow
def test_no_real_film_without_text_is_painted(films: Path) -> None:
    """Ribs, teeth and trabeculae are no text. What is painted was looked at: a number or a word stands there."""
    paths = sorted((films / "pelvis_ap/films").glob("*.jpg"))
    painted = [path.name for path in paths if Code.BURNED_IN_TEXT in codes(read_radiograph(path.read_bytes(), ""))]
    assert painted == []
